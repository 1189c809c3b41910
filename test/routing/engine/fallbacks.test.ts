import { describe, expect, test } from "bun:test";
import { Failure } from "../../../src/core/errors.ts";
import { rejectionOf } from "../../fixtures/rejection.ts";
import { settle } from "../../fixtures/manual-clock.ts";
import { answered, refused } from "./failures.ts";
import { openTestRouter, sketch } from "./open-test-router.ts";

const TOO_LONG = answered(400, { wireCode: "context_length_exceeded" });
const FILTERED = answered(400, { wireCode: "content_filter" });

const MODELS = [
  sketch("fast", {
    deployments: [{}, {}],
    fallbacks: ["smart"],
    contextFallbacks: ["long"],
    contentFallbacks: ["lenient"],
    retries: { attempts: 5 },
  }),
  sketch("smart", { deployments: [{}], fallbacks: ["last"] }),
  sketch("last", { deployments: [{}] }),
  sketch("long", { deployments: [{}], fallbacks: ["last"] }),
  sketch("lenient", { deployments: [{}] }),
];

/** Lets each attempt fail with the next failure; the one behind them answers. */
async function run(failures: readonly Failure[], models = MODELS) {
  const rig = openTestRouter(models);
  const asking = rig.ask("fast");
  for (const failure of failures) {
    asking.asked.at(-1)?.fail(failure);
    await rig.clock.advance(5000);
  }
  if (asking.asked.length > failures.length) asking.asked.at(-1)?.answer();
  await settle();
  asking.leave();
  return { ...asking, rig, keys: asking.keys() };
}

describe("the models that are fallen back to", () => {
  test("are asked in their order once all deployments have failed, and theirs behind them", async () => {
    const { keys, result } = await run([refused(), refused(), answered(503), refused()]);
    expect(keys).toEqual(["a fast", "b fast", "a smart", "a last", "b fast"]);
    expect((await result).attempts.map(({ kind }) => kind)).toEqual([
      "first",
      "retry",
      "fallback",
      "fallback",
      "retry",
    ]);
  });

  test("are no more than there may be attempts", async () => {
    const [fast, ...others] = MODELS;
    if (!fast) throw new Error("there are no models");
    const { keys } = await run([refused(), refused(), refused()], [{ ...fast, retries: { attempts: 3 } }, ...others]);
    expect(keys).toEqual(["a fast", "b fast", "a smart"]);
  });

  test("are not asked when the request is at fault", async () => {
    const { keys } = await run([answered(400)]);
    expect(keys).toEqual(["a fast"]);
  });

  test("may be narrowed by whoever asks", async () => {
    const rig = openTestRouter(MODELS);
    const keys: string[] = [];
    const result = rig.router.run(rig.route("fast"), {
      ...rig.request(({ key }) => {
        keys.push(key);
        return { answer: key === "a last" ? Promise.resolve(key) : Promise.reject(refused()), cancel() {} };
      }),
      narrow: (route) => (route.model.options.name === "smart" ? undefined : route),
    });
    const failure = rejectionOf(result);
    await rig.clock.advance(20_000);
    expect(await failure).toMatchObject({ code: "upstream_unreachable" });
    // Three more in a second are all that the budget of a model allows that nobody else asks for.
    expect(keys).toHaveLength(4);
    expect(new Set(keys)).toEqual(new Set(["a fast", "b fast"]));
  });
});

describe("a conversation that is too long", () => {
  test("goes to the model for such ones, at once, and from there to its fallbacks", async () => {
    const { keys, result } = await run([TOO_LONG, answered(500)]);
    expect(keys).toEqual(["a fast", "a long", "a last"]);
    expect((await result).deployment.key).toBe("a last");
  });

  test("is refused if there is none", async () => {
    const { result } = await run([TOO_LONG], [sketch("fast", { deployments: [{}, {}] })]);
    expect(await rejectionOf(result)).toBe(TOO_LONG);
  });

  test("is refused if it is too long for that one, too", async () => {
    const { keys, result } = await run([TOO_LONG, TOO_LONG]);
    expect(keys).toEqual(["a fast", "a long"]);
    expect(await rejectionOf(result)).toBe(TOO_LONG);
  });

  test("goes there also if that is what is asked whenever all others fail", async () => {
    const models = [
      sketch("fast", { deployments: [{}, {}], fallbacks: ["smart", "long"], contextFallbacks: ["long"] }),
      ...[sketch("smart", { deployments: [{}] }), sketch("long", { deployments: [{}] })],
    ];
    expect((await run([TOO_LONG], models)).keys).toEqual(["a fast", "a long"]);
    const refusedTwice = await run([TOO_LONG, TOO_LONG], models);
    expect(refusedTwice.keys).toEqual(["a fast", "a long"]);
    expect(await rejectionOf(refusedTwice.result)).toBe(TOO_LONG);
  });

  test("goes there also if a fallback says so, which has no model for that", async () => {
    const { keys, result } = await run([answered(500), answered(500), TOO_LONG, TOO_LONG]);
    expect(keys).toEqual(["a fast", "b fast", "a smart", "a long"]);
    expect(await rejectionOf(result)).toBe(TOO_LONG);
  });

  test("says nothing of the deployment", async () => {
    const { rig } = await run([TOO_LONG]);
    expect(rig.states.describe("a fast", 0)).toMatchObject({ state: "closed", failures: 0 });
  });
});

test("what a filter refuses goes to the model for it", async () => {
  const { keys } = await run([answered(500), FILTERED]);
  expect(keys).toEqual(["a fast", "b fast", "a lenient"]);
});

describe("while deployments cool", () => {
  const twice = (whenAll: "try" | "refuse", fallbacks: readonly string[] = []) => [
    sketch("fast", { deployments: [{}, {}], fallbacks, cooldown: { failures: 1, whenAll }, retries: { attempts: 2 } }),
    sketch("smart", { deployments: [{}] }),
  ];

  async function coolBoth(whenAll: "try" | "refuse", fallbacks?: readonly string[]) {
    const rig = openTestRouter(twice(whenAll, fallbacks));
    const first = rig.ask("fast");
    first.asked[0]?.fail(refused());
    await rig.clock.advance(1000);
    first.asked[1]?.fail(refused());
    await settle();
    return rig;
  }

  test("the others are asked", async () => {
    const rig = openTestRouter(twice("try"));
    const first = rig.ask("fast");
    first.asked[0]?.fail(refused());
    await settle();
    first.asked[1]?.answer();
    await first.result;
    const [second, third] = [rig.ask("fast"), rig.ask("fast")];
    expect([second.keys(), third.keys()]).toEqual([["b fast"], ["b fast"]]);
  });

  test("a model that it falls back to is asked first", async () => {
    const rig = await coolBoth("try", ["smart"]);
    const asking = rig.ask("fast");
    await settle();
    expect(asking.keys()).toEqual(["a smart"]);
    asking.asked[0]?.answer();
    expect((await asking.result).attempts.map(({ kind }) => kind)).toEqual(["fallback"]);
  });

  test("the one that cools least long is tried", async () => {
    const rig = await coolBoth("try");
    const asking = rig.ask("fast");
    await settle();
    expect(asking.keys()).toEqual(["a fast"]);
    asking.asked[0]?.answer();
    await asking.result;
    expect(rig.states.describe("a fast", 0)).toMatchObject({ state: "closed" });
    expect(rig.changes.map(({ kind, label }) => `${label} ${kind}`)).toEqual([
      "a fast cooling",
      "b fast cooling",
      "a fast recovered",
    ]);
  });

  test("or the request is refused, with the time when one may be asked again", async () => {
    const rig = await coolBoth("refuse");
    expect(await rejectionOf(rig.ask("fast").result)).toMatchObject({
      code: "deployments_cooling",
      status: 503,
      details: { headers: { "retry-after": "29" } },
    });
    await rig.clock.advance(29_000);
    const asking = rig.ask("fast");
    // One finds out how it is.
    expect(asking.keys()).toEqual(["a fast"]);
    expect(await rejectionOf(rig.ask("fast").result)).toMatchObject({ code: "deployments_cooling" });
    asking.leave();
  });

  test("a provider's limit is told of by all that wait for it", async () => {
    const rig = openTestRouter(twice("refuse"));
    const asking = rig.ask("fast", { until: rig.clock.now() + 2000 });
    asking.asked[0]?.fail(answered(429, {}, { retryAfterMs: 9000 }));
    await settle();
    asking.asked[1]?.fail(answered(429, {}, { retryAfterMs: 5000 }));
    expect(await rejectionOf(asking.result)).toMatchObject({
      status: 429,
      details: { headers: { "retry-after": "5" } },
    });
  });
});
