import { describe, expect, test } from "bun:test";
import type { Failure } from "../../../src/core/errors.ts";
import { decide } from "../../../src/routing/sharing/minute-ledger.ts";
import type { MinuteClaim, MinuteLeases, MinuteListener } from "../../../src/routing/sharing/minutes.ts";
import { ALONE } from "../../../src/routing/sharing/sharing.ts";
import { settle } from "../../fixtures/manual-clock.ts";
import { rejectionOf } from "../../fixtures/rejection.ts";
import { answered } from "./failures.ts";
import { openTestRouter, sketch } from "./open-test-router.ts";

const MINUTE = 60_000;
const NOT_NOW = answered(429, {}, { retryAfterMs: MINUTE });

/** Minutes of a server that answers when a test says so. */
function openLateMinutes() {
  const claims: MinuteClaim[] = [];
  let listener: MinuteListener | undefined;
  const minutes: MinuteLeases = {
    ...{ waitMs: 20, patienceMs: 250, processes: () => 2 },
    claim: (claim) => void claims.push(claim),
    listen: (given) => void (listener = given),
  };
  const nothing = { requests: 0, tokens: 0 };
  return {
    minutes,
    answer(gate: string): void {
      const claim = claims.findLast((each) => each.gate === gate);
      if (!claim) throw new Error("nothing was claimed");
      listener?.answered(decide(claim, { others: nothing, before: nothing, processes: 2 }));
    },
  };
}

describe("who waits for the Retry-After of one deployment takes meanwhile another one", () => {
  test("of which it was heard too late that its minute has room", async () => {
    const { minutes, answer } = openLateMinutes();
    const limits = { requestsPerMinute: 1000 };
    const rig = openTestRouter([sketch("fast", { strategy: "priority", deployments: [{ limits }, { limits }] })], {
      sharing: { ...ALONE, minutes },
    });
    const asking = rig.ask("fast");
    await rig.clock.advance(1);
    answer("a fast");
    await settle();
    asking.asked[0]?.fail(NOT_NOW);
    // It is waited for for 20 ms in all.
    await rig.clock.advance(30);
    expect(asking.keys()).toEqual(["a fast"]);
    answer("b fast");
    await rig.clock.advance(40);
    expect(asking.keys()).toEqual(["a fast", "b fast"]);
    asking.asked[1]?.answer("good");
    expect((await asking.result).reply).toBe("good");
  });

  test("that has got room", async () => {
    const deployments = [{}, { limits: { maxInFlight: 1 } }];
    const rig = openTestRouter([
      sketch("fast", { strategy: "priority", deployments }),
      sketch("other", { deployments: [{ key: "b fast", provider: "b", limits: { maxInFlight: 1 } }] }),
    ]);
    const other = rig.ask("other");
    const asking = rig.ask("fast");
    asking.asked[0]?.fail(NOT_NOW);
    await rig.clock.advance(10_000);
    expect([asking.keys(), other.keys()]).toEqual([["a fast"], ["b fast"]]);
    other.asked[0]?.answer();
    (await other.result).lease.settle(undefined);
    await rig.clock.advance(1000);
    expect(asking.keys()).toEqual(["a fast", "b fast"]);
  });

  test("that cools no more", async () => {
    const deployments = [{}, {}];
    const rig = openTestRouter([sketch("fast", { strategy: "priority", deployments })]);
    const now = rig.clock.now();
    for (const each of rig.models.flatMap((model) => model.deployments.slice(1))) {
      rig.states.of(each).heard(now + 5000, "429", now);
    }
    const asking = rig.ask("fast");
    asking.asked[0]?.fail(NOT_NOW);
    await rig.clock.advance(4999);
    expect(asking.keys()).toEqual(["a fast"]);
    await rig.clock.advance(1001);
    expect(asking.keys()).toEqual(["a fast", "b fast"]);
  });

  test("of a model that is fallen back to", async () => {
    const rig = openTestRouter([
      sketch("fast", { deployments: [{}], fallbacks: ["smart"] }),
      sketch("smart", { deployments: [{ limits: { maxInFlight: 1 } }] }),
    ]);
    const other = rig.ask("smart");
    const asking = rig.ask("fast");
    asking.asked[0]?.fail(NOT_NOW);
    await rig.clock.advance(1000);
    other.leave();
    await rig.clock.advance(1000);
    expect(asking.asked.map(({ deployment, kind }) => [deployment.key, kind])).toEqual([
      ["a fast", "first"],
      ["a smart", "fallback"],
    ]);
  });
});

describe("if nobody else has room all the while", () => {
  const open = () => {
    const rig = openTestRouter([
      sketch("fast", { strategy: "priority", deployments: [{}, { limits: { maxInFlight: 1 } }] }),
      sketch("other", { deployments: [{ key: "b fast", provider: "b", limits: { maxInFlight: 1 } }] }),
    ]);
    rig.ask("other");
    return { rig, asking: rig.ask("fast") };
  };

  test("the same one is asked when its provider said, and not before", async () => {
    const { rig, asking } = open();
    asking.asked[0]?.fail(NOT_NOW);
    await rig.clock.advance(MINUTE - 1);
    expect(asking.keys()).toEqual(["a fast"]);
    await rig.clock.advance(1);
    expect(asking.keys()).toEqual(["a fast", "a fast"]);
  });

  test("a client that leaves leaves nothing behind", async () => {
    const { rig, asking } = open();
    asking.asked[0]?.fail(NOT_NOW);
    await rig.clock.advance(1500);
    asking.leave();
    expect(await rejectionOf(asking.result)).toMatchObject({ code: "client_gone" });
    await rig.clock.advance(MINUTE);
    expect([asking.keys(), rig.clock.timersWaiting()]).toEqual([["a fast"], 0]);
  });
});

describe("who is sent away, as nobody is to be asked again soon enough, is told when somebody else may have room", () => {
  const LATER = answered(429, {}, { retryAfterMs: 2 * MINUTE });
  const toldTo = async (asking: { readonly result: Promise<unknown> }): Promise<unknown> =>
    ((await rejectionOf(asking.result)) as Failure).details.headers?.["retry-after"];

  test("which is soon if that depends on other requests, else when its minute has room", async () => {
    for (const [limits, told] of [
      [{ maxInFlight: 1 }, "1"],
      [{ requestsPerMinute: 1 }, "21"],
    ] as const) {
      const rig = openTestRouter([
        sketch("fast", { strategy: "priority", deployments: [{}, { limits }] }),
        sketch("other", { deployments: [{ key: "b fast", provider: "b", limits }] }),
      ]);
      rig.ask("other");
      const asking = rig.ask("fast");
      asking.asked[0]?.fail(LATER);
      expect(await toldTo(asking)).toBe(told);
    }
  });

  test("which is when it cools no more", async () => {
    const rig = openTestRouter([sketch("fast", { strategy: "priority", deployments: [{}, {}] })]);
    const now = rig.clock.now();
    for (const each of rig.models.flatMap((model) => model.deployments.slice(1))) {
      rig.states.of(each).heard(now + 5000, "429", now);
    }
    const asking = rig.ask("fast");
    asking.asked[0]?.fail(LATER);
    expect(await toldTo(asking)).toBe("5");
  });

  test("and when the one that has failed may be asked, if there is nobody else", async () => {
    const rig = openTestRouter([sketch("fast", { deployments: [{}] })]);
    const asking = rig.ask("fast");
    asking.asked[0]?.fail(LATER);
    expect(await toldTo(asking)).toBe("120");
  });
});

test("another key of a provider that refuses one is asked once its minute is known, within 20 ms", async () => {
  const { minutes, answer } = openLateMinutes();
  const limits = { requestsPerMinute: 1000 };
  const deployments = [{ provider: "left#1", limits }, { provider: "left#2", limits }, { provider: "right" }];
  const rig = openTestRouter([sketch("fast", { strategy: "priority", deployments })], {
    sharing: { ...ALONE, minutes },
  });
  const asking = rig.ask("fast");
  await rig.clock.advance(1);
  answer("left#1 fast");
  await settle();
  asking.asked[0]?.fail(answered(401));
  await rig.clock.advance(10);
  expect(asking.keys()).toEqual(["left#1 fast"]);
  answer("left#2 fast");
  await settle();
  expect(asking.keys()).toEqual(["left#1 fast", "left#2 fast"]);
  asking.asked[1]?.answer("good");
  expect((await asking.result).reply).toBe("good");
});
