import { describe, expect, test } from "bun:test";
import { Failure } from "../../../src/core/errors.ts";
import { rejectionOf } from "../../fixtures/rejection.ts";
import { settle } from "../../fixtures/manual-clock.ts";
import { answered, broke, refused } from "./failures.ts";
import { openTestRouter, sketch } from "./open-test-router.ts";

const codeOf = async (promise: Promise<unknown>): Promise<unknown> => {
  const error = await rejectionOf(promise);
  return error instanceof Failure ? (error.code === "provider_error" ? error.status : error.code) : error;
};

const THREE = sketch("fast", { deployments: [{}, {}, {}] });

describe("after a failure that another deployment may not have", () => {
  test("the next one is asked at once, and is named as the one that answered", async () => {
    const rig = openTestRouter([THREE]);
    const asking = rig.ask("fast");
    asking.asked[0]?.fail(refused());
    await settle();
    asking.asked[1]?.fail(answered(500));
    await settle();
    expect(asking.keys()).toEqual(["a fast", "b fast", "c fast"]);
    asking.asked[2]?.answer("good");
    const { reply, deployment, model, attempts } = await asking.result;
    expect([reply, deployment.key, model]).toEqual(["good", "c fast", "m"]);
    expect(attempts.map(({ kind, failure }) => [kind, failure?.code])).toEqual([
      ["first", "upstream_unreachable"],
      ["retry", "provider_error"],
      ["retry", undefined],
    ]);
    expect(asking.records).toEqual([...attempts]);
  });

  test("a deployment on another server is asked before another key on the same one, whatever their priorities", async () => {
    const deployments = [{ provider: "left#1" }, { provider: "left#2", priority: 0 }, { provider: "right" }];
    const rig = openTestRouter([sketch("fast", { strategy: "priority", deployments })]);
    const asking = rig.ask("fast");
    asking.asked[0]?.fail(answered(500));
    await settle();
    asking.asked[1]?.fail(answered(500));
    await settle();
    expect(asking.keys()).toEqual(["left#1 fast", "right fast", "left#2 fast"]);
  });

  test("no more attempts are made than are allowed", async () => {
    const rig = openTestRouter([sketch("fast", { deployments: [{}, {}, {}], retries: { attempts: 2 } })]);
    const asking = rig.ask("fast");
    for (const status of [503, 502]) {
      asking.asked.at(-1)?.fail(answered(status));
      await settle();
    }
    expect(await codeOf(asking.result)).toBe(502);
    expect(asking.keys()).toEqual(["a fast", "b fast"]);
  });

  test("an answer says more than a connection that failed, and a later one more than an earlier one", async () => {
    const rig = openTestRouter([THREE]);
    const asking = rig.ask("fast");
    for (const failure of [answered(500), answered(503), refused()]) {
      asking.asked.at(-1)?.fail(failure);
      await settle();
    }
    expect(await codeOf(asking.result)).toBe(503);
  });
});

describe("never is anybody else asked", () => {
  test.each([400, 404, 413, 422])("after %d", async (status) => {
    const rig = openTestRouter([THREE]);
    const asking = rig.ask("fast");
    asking.asked[0]?.fail(answered(status));
    expect(await codeOf(asking.result)).toBe(status);
    expect(asking.asked).toHaveLength(1);
  });

  test("for a reason that the operator does not name", async () => {
    const rig = openTestRouter([sketch("fast", { deployments: [{}, {}], retries: { on: new Set(["429"]) } })]);
    const asking = rig.ask("fast");
    asking.asked[0]?.fail(answered(500));
    expect(await codeOf(asking.result)).toBe(500);
  });

  test("if the provider may have begun to process the request, and it is not to be repeated", async () => {
    const rig = openTestRouter([sketch("fast", { deployments: [{}, {}], retries: { repeatsSent: false } })]);
    const sent = rig.ask("fast");
    sent.asked[0]?.fail(broke("reset"));
    expect(await codeOf(sent.result)).toBe("upstream_reset");
    const unsent = rig.ask("fast");
    unsent.asked[0]?.fail(refused());
    await settle();
    expect(unsent.asked).toHaveLength(2);
    unsent.leave();
    // Who is sent away by a limit is not served.
    const limited = rig.ask("fast");
    limited.asked[0]?.fail(answered(429));
    await settle();
    expect(limited.asked).toHaveLength(2);
    limited.leave();
  });

  test("once the client has left", async () => {
    const rig = openTestRouter([THREE]);
    const asking = rig.ask("fast");
    asking.asked[0]?.fail(refused());
    await settle();
    asking.leave();
    expect(await codeOf(asking.result)).toBe("client_gone");
    expect(asking.asked).toHaveLength(2);
    expect(asking.asked[1]?.cancelled?.code).toBe("client_gone");
    expect(rig.models[0]?.deployments.map(({ key }) => rig.states.describe(key, 0)?.inFlight)).toEqual([0, 0, 0]);
  });
});

describe("a key that is refused", () => {
  const KEYS = sketch("fast", {
    deployments: [{ provider: "left#1" }, { provider: "right#1" }, { provider: "left#2" }],
  });

  test.each([401, 403])("with %d is replaced by another one of the same provider only", async (status) => {
    const rig = openTestRouter([KEYS]);
    const asking = rig.ask("fast");
    asking.asked[0]?.fail(answered(status));
    await settle();
    asking.asked[1]?.fail(answered(status));
    expect(await codeOf(asking.result)).toBe(status);
    expect(asking.keys()).toEqual(["left#1 fast", "left#2 fast"]);
  });

  test("cools, while the others of its provider are asked", async () => {
    const rig = openTestRouter([KEYS]);
    const asking = rig.ask("fast");
    asking.asked[0]?.fail(answered(401));
    await settle();
    expect(rig.states.describe("left#1 fast", 0)).toMatchObject({ state: "open", why: "401" });
    expect(rig.states.describe("left#2 fast", 0)).toMatchObject({ state: "closed" });
    asking.leave();
  });
});

describe("the same deployment is asked again", () => {
  const ONE = sketch("fast", { deployments: [{}], retries: { attempts: 4, backoffMs: 1000, maxBackoffMs: 2000 } });

  test("after a back-off that doubles, up to the longest, with jitter", async () => {
    const rig = openTestRouter([ONE], { random: () => 0.5 });
    const asking = rig.ask("fast");
    const times: number[] = [];
    for (let attempt = 1; attempt <= 4; attempt++) {
      times.push(rig.clock.now());
      asking.asked[attempt - 1]?.fail(refused());
      while (asking.asked.length === attempt && attempt < 4) await rig.clock.advance(100);
    }
    await settle();
    expect(times.slice(1).map((time, at) => time - (times[at] ?? 0))).toEqual([500, 1000, 1000]);
    expect(await codeOf(asking.result)).toBe("upstream_unreachable");
  });

  test("when its provider says, and not before", async () => {
    const rig = openTestRouter([ONE]);
    const asking = rig.ask("fast");
    asking.asked[0]?.fail(answered(429, {}, { retryAfterMs: 7000 }));
    await rig.clock.advance(6999);
    expect(asking.asked).toHaveLength(1);
    await rig.clock.advance(1);
    expect(asking.asked).toHaveLength(2);
    asking.asked[1]?.answer();
    expect((await asking.result).attempts).toHaveLength(2);
  });

  test("not if that is after the request must be over", async () => {
    const rig = openTestRouter([ONE]);
    const asking = rig.ask("fast", { until: rig.clock.now() + 5000 });
    asking.asked[0]?.fail(answered(429, {}, { retryAfterMs: 7000 }));
    const failure = await rejectionOf(asking.result);
    expect(failure).toMatchObject({ status: 429, details: { headers: { "retry-after": "7" } } });
  });

  test("not if it cannot do better", async () => {
    const rig = openTestRouter([ONE]);
    const asking = rig.ask("fast");
    asking.asked[0]?.fail(broke("tls", { phase: "tls", requestSent: false }));
    expect(await codeOf(asking.result)).toBe("upstream_tls_failure");
  });

  test("unless the client leaves while it is waited for", async () => {
    const rig = openTestRouter([ONE]);
    const asking = rig.ask("fast");
    asking.asked[0]?.fail(refused());
    await settle();
    asking.leave();
    expect(await codeOf(asking.result)).toBe("client_gone");
    await rig.clock.advance(10_000);
    expect(asking.asked).toHaveLength(1);
    expect(rig.clock.timersWaiting()).toBe(0);
  });
});

test("a request that must be over and does not end itself is ended", async () => {
  const rig = openTestRouter([THREE]);
  const asking = rig.ask("fast", { until: rig.clock.now() + 1000 });
  asking.asked[0]?.fail(refused());
  await rig.clock.advance(1100);
  expect(await codeOf(asking.result)).toBe("request_timeout");
  expect(asking.asked[1]?.cancelled?.code).toBe("request_timeout");
});

test("what throws as it begins is a failed attempt", async () => {
  const rig = openTestRouter([THREE]);
  const result = rig.router.run(
    rig.route("fast"),
    rig.request(({ key }) => {
      if (key === "a fast") throw new Failure("chat_not_supported");
      return { answer: Promise.resolve(key), cancel() {} };
    }),
  );
  expect((await result).reply).toBe("b fast");
});

test("a provider that fails everything is asked little more often than one that answers", async () => {
  const rig = openTestRouter([sketch("fast", { deployments: [{}, {}], cooldown: { failures: 1e9, rate: 2 } })]);
  let attempts = 0;
  const failing = rig.request(() => {
    attempts += 1;
    return { answer: Promise.reject(answered(500)), cancel() {} };
  });
  for (let number = 0; number < 1000; number++) {
    void rig.router.run(rig.route("fast"), failing).catch(() => undefined);
    await rig.clock.advance(10);
  }
  // A fifth of the requests, and three a second at least.
  expect(attempts).toBeGreaterThan(1100);
  expect(attempts).toBeLessThanOrEqual(1200 + 3);
});

test("what goes on with an answer that has begun counts as a further attempt from its first one on", async () => {
  const rig = openTestRouter([THREE]);
  const route = rig.route("fast");
  const asked: string[] = [];
  const request = rig.request((deployment) => {
    asked.push(deployment.key);
    return { answer: Promise.resolve("rest"), cancel() {} };
  });
  const goOn = () => rig.router.run(route, { ...request, isFurther: true });
  // Three in a second are all that a model may have that nobody else asks for.
  for (let time = 0; time < 3; time += 1) (await goOn()).lease.settle(undefined);
  expect(await codeOf(goOn())).toBe("deployments_cooling");
  expect(asked).toHaveLength(3);
  await rig.clock.advance(1000);
  (await goOn()).lease.settle(undefined);
  expect(asked).toHaveLength(4);
});
