import { describe, expect, test } from "bun:test";
import { rejectionOf } from "../../fixtures/rejection.ts";
import { settle } from "../../fixtures/manual-clock.ts";
import { Failure } from "../../../src/core/errors.ts";
import { answered, refused } from "./failures.ts";
import { openTestRouter, sketch } from "./open-test-router.ts";

const ONE = { maxInFlight: 1 };

describe("a deployment at its limit", () => {
  test("is passed over for another one", async () => {
    const rig = openTestRouter([sketch("fast", { strategy: "priority", deployments: [{ limits: ONE }, {}] })]);
    expect([rig.ask("fast").keys(), rig.ask("fast").keys()]).toEqual([["a fast"], ["b fast"]]);
  });

  test("holds its place until the answer is over", async () => {
    const rig = openTestRouter([sketch("fast", { deployments: [{ limits: ONE }] })]);
    const first = rig.ask("fast");
    first.asked[0]?.answer();
    const { lease } = await first.result;
    const refusal = await rejectionOf(rig.ask("fast").result);
    expect(refusal).toMatchObject({ code: "at_limit", status: 429, details: { headers: { "retry-after": "1" } } });
    expect(String(refusal)).toContain("max_in_flight 1 of a fast");
    lease.settle({ inputTokens: 1 });
    lease.settle(undefined);
    expect(rig.ask("fast").asked).toHaveLength(1);
  });

  test("is waited for in the queue, whose wait is told", async () => {
    const queue = { length: 1, timeoutMs: 10_000 };
    const rig = openTestRouter([sketch("fast", { deployments: [{ limits: ONE }], queue })]);
    const first = rig.ask("fast");
    const second = rig.ask("fast");
    expect(await rejectionOf(rig.ask("fast").result)).toMatchObject({ code: "queue_full" });
    await rig.clock.advance(3000);
    first.asked[0]?.answer();
    (await first.result).lease.settle(undefined);
    await settle();
    expect([second.asked.length, second.waits]).toEqual([1, [3000]]);
    second.asked[0]?.answer();
    (await second.result).lease.settle(undefined);
    expect(rig.gates.view().gates.map(({ inFlight }) => inFlight)).toEqual([0]);
  });

  test("is waited for no longer than the queue allows, then by the models that are fallen back to", async () => {
    const queue = { length: 4, timeoutMs: 1000 };
    const rig = openTestRouter([
      sketch("fast", { deployments: [{ limits: ONE }], queue, fallbacks: ["smart"] }),
      sketch("smart", { deployments: [{}] }),
    ]);
    rig.ask("fast");
    const second = rig.ask("fast");
    await rig.clock.advance(1000);
    expect(second.keys()).toEqual(["a smart"]);
  });

  test("is left by a client that leaves the queue", async () => {
    const queue = { length: 1, timeoutMs: 10_000 };
    const rig = openTestRouter([sketch("fast", { deployments: [{ limits: ONE }], queue })]);
    rig.ask("fast");
    const second = rig.ask("fast");
    await settle();
    second.leave();
    expect(await rejectionOf(second.result)).toMatchObject({ code: "client_gone" });
    const third = rig.ask("fast");
    await settle();
    expect(rig.gates.view().queues[0]?.waiting).toBe(1);
    third.leave();
  });

  test("is not waited for once it cools", async () => {
    const queue = { length: 4, timeoutMs: 10_000 };
    const rig = openTestRouter([
      sketch("fast", { deployments: [{ limits: ONE }], queue, fallbacks: ["smart"], cooldown: { failures: 1 } }),
      sketch("smart", { deployments: [{}] }),
    ]);
    const first = rig.ask("fast");
    const second = rig.ask("fast");
    await settle();
    first.asked[0]?.fail(refused());
    await settle();
    expect([first.keys(), second.keys()]).toEqual([["a fast", "a smart"], ["a smart"]]);
  });
});

describe("the tokens of a minute", () => {
  const open = () =>
    openTestRouter([
      sketch("fast", { deployments: [{ limits: { tokensPerMinute: 1000 } }], retries: { attempts: 1 } }),
    ]);
  const usedOf = ({ gates }: ReturnType<typeof open>) => gates.view().gates.map(({ tokens }) => tokens);

  test.each([
    ["that no provider was sent", refused()],
    ["that its provider refused", answered(400)],
  ])("have nothing of a request %s", async (_, failure) => {
    const rig = open();
    const asking = rig.ask("fast");
    asking.asked[0]?.fail(failure);
    await rejectionOf(asking.result);
    expect(usedOf(rig)).toEqual([0]);
  });

  test("have what an answer used that broke off, also with an error of its provider", async () => {
    const rig = open();
    const asking = rig.ask("fast");
    asking.asked[0]?.answer();
    (await asking.result).lease.settle({ inputTokens: 30, outputTokens: 12 }, answered(529));
    const untold = rig.ask("fast");
    untold.asked[0]?.answer();
    (await untold.result).lease.settle(undefined, answered(529));
    expect(usedOf(rig)).toEqual([43]);
  });

  test("are those that were estimated if nobody says what was used", async () => {
    const rig = open();
    const asking = rig.ask("fast");
    const estimated = usedOf(rig);
    asking.asked[0]?.answer();
    (await asking.result).lease.settle(undefined, new Failure("upstream_reset"));
    const left = rig.ask("fast");
    left.asked[0]?.fail(new Failure("client_gone"));
    await rejectionOf(left.result);
    expect([estimated, usedOf(rig)]).toEqual([[1], [2]]);
  });
});

describe("a deployment that cools while requests wait for it, and nobody else is there", () => {
  const open = (whenAll: "try" | "refuse") =>
    openTestRouter([
      sketch("fast", {
        ...{ deployments: [{ limits: ONE }], queue: { length: 8, timeoutMs: 60_000 } },
        ...{ cooldown: { failures: 1, whenAll }, retries: { attempts: 1 } },
      }),
    ]);

  async function failFirst(whenAll: "try" | "refuse") {
    const rig = open(whenAll);
    const all = Array.from({ length: 5 }, () => rig.ask("fast"));
    await settle();
    all[0]?.asked[0]?.fail(refused());
    await settle();
    return { rig, all };
  }

  const countsOf = (all: readonly { readonly asked: readonly unknown[] }[]) => all.map(({ asked }) => asked.length);

  test("is tried by them one after the other, in their order", async () => {
    const { rig, all } = await failFirst("try");
    expect(countsOf(all)).toEqual([1, 1, 0, 0, 0]);
    all[1]?.asked[0]?.fail(refused());
    await settle();
    expect(countsOf(all)).toEqual([1, 1, 1, 0, 0]);
    all[3]?.leave();
    all[2]?.asked[0]?.answer();
    (await all[2]?.result)?.lease.settle(undefined);
    await settle();
    expect(countsOf(all)).toEqual([1, 1, 1, 0, 1]);
    all[4]?.asked[0]?.answer();
    (await all[4]?.result)?.lease.settle(undefined);
    expect(rig.gates.view()).toMatchObject({ gates: [{ inFlight: 0 }], queues: [{ waiting: 0 }] });
  });

  test("is waited for no longer than the queue allows", async () => {
    const { rig, all } = await failFirst("try");
    await rig.clock.advance(60_000);
    const codes = all.slice(2).map(async ({ result }) => rejectionOf(result));
    expect(await Promise.all(codes)).toMatchObject(Array(3).fill({ code: "queue_timeout" }));
  });

  test("is asked if it works again when others were waited for in vain", async () => {
    const rig = openTestRouter([
      sketch("fast", { deployments: [{}], fallbacks: ["smart"], cooldown: { failures: 1, whenAll: "refuse" } }),
      sketch("smart", { deployments: [{ limits: ONE }], queue: { length: 8, timeoutMs: 60_000 } }),
    ]);
    const first = rig.ask("fast");
    first.asked[0]?.fail(refused());
    await settle();
    const second = rig.ask("fast");
    await rig.clock.advance(60_000);
    expect([first.keys(), second.keys()]).toEqual([["a fast", "a smart"], ["a fast"]]);
  });

  test("is not waited for if the operator wants none of that", async () => {
    const { all } = await failFirst("refuse");
    const codes = all.slice(1).map(async ({ result }) => rejectionOf(result));
    expect(await Promise.all(codes)).toMatchObject(Array(4).fill({ code: "deployments_cooling" }));
  });
});

test("a model of which nobody can be asked is refused", async () => {
  const rig = openTestRouter([sketch("fast", { deployments: [] })]);
  expect(await rejectionOf(rig.ask("fast").result)).toMatchObject({ code: "deployments_cooling", details: {} });
});
