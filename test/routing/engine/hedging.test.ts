import { describe, expect, test } from "bun:test";
import { rejectionOf } from "../../fixtures/rejection.ts";
import { settle } from "../../fixtures/manual-clock.ts";
import { answered, refused } from "./failures.ts";
import { type ModelSketch, openTestRouter, sketch } from "./open-test-router.ts";

const LATE = sketch("fast", { deployments: [{}, {}, {}], hedge: { after: 1500 } });

const openWith = (rest: Partial<ModelSketch>) => openTestRouter([{ ...LATE, ...rest }]);

describe("a first token that is late", () => {
  test("is asked of a second deployment, and whoever answers first wins", async () => {
    const rig = openWith({});
    const asking = rig.ask("fast");
    await rig.clock.advance(1499);
    expect(asking.keys()).toEqual(["a fast"]);
    await rig.clock.advance(1);
    expect(asking.keys()).toEqual(["a fast", "b fast"]);
    asking.asked[1]?.answer("quick");
    const { reply, deployment, lease, attempts } = await asking.result;
    expect([reply, deployment.key]).toEqual(["quick", "b fast"]);
    expect(asking.asked[0]?.cancelled?.code).toBe("answered_elsewhere");
    expect(attempts.map(({ kind, failure }) => [kind, failure?.code])).toEqual([
      ["first", "answered_elsewhere"],
      ["hedge", undefined],
    ]);
    expect([rig.states.describe("a fast", 0)?.inFlight, rig.states.describe("b fast", 0)?.inFlight]).toEqual([0, 1]);
    lease.settle(undefined);
    expect(rig.states.describe("b fast", 0)?.inFlight).toBe(0);
    // Who is late has not failed.
    expect(rig.states.describe("a fast", 0)).toMatchObject({ state: "closed", failures: 0, ttftMs: 1500 });
  });

  test("may come from the first one after all", async () => {
    const rig = openWith({});
    const asking = rig.ask("fast");
    await rig.clock.advance(1500);
    asking.asked[0]?.answer("late");
    const { attempts } = await asking.result;
    expect(attempts.map(({ kind }) => kind)).toEqual(["hedge", "first"]);
    expect(asking.asked[1]?.cancelled?.code).toBe("answered_elsewhere");
  });

  test("is asked once more at most", async () => {
    const rig = openWith({});
    const asking = rig.ask("fast");
    await rig.clock.advance(60_000);
    expect(asking.asked).toHaveLength(2);
    asking.leave();
    expect(await rejectionOf(asking.result)).toMatchObject({ code: "client_gone" });
    expect(asking.asked.map(({ cancelled }) => cancelled?.code)).toEqual(["client_gone", "client_gone"]);
  });

  test("is not asked if there may be no further attempt, or nobody else has room", async () => {
    const alone = openWith({ retries: { attempts: 1 } }).ask("fast");
    const rig = openWith({ deployments: [{}, { limits: { maxInFlight: 1 } }], strategy: "priority" });
    const [first, second] = [rig.ask("fast"), rig.ask("fast")];
    await rig.clock.advance(2000);
    expect([alone.keys(), first.keys(), second.keys()]).toEqual([["a fast"], ["a fast", "b fast"], ["a fast"]]);
  });

  test("counts in the budget of further attempts", async () => {
    const rig = openWith({ retries: { attempts: 5 } });
    const all = Array.from({ length: 8 }, () => rig.ask("fast"));
    await rig.clock.advance(1500);
    expect(all.filter(({ asked }) => asked.length === 2)).toHaveLength(3);
  });
});

test("one of two that fails is not replaced while the other one is open", async () => {
  const rig = openWith({ retries: { attempts: 3 } });
  const asking = rig.ask("fast");
  await rig.clock.advance(1500);
  asking.asked[0]?.fail(answered(500));
  await settle();
  expect(asking.asked).toHaveLength(2);
  asking.asked[1]?.fail(refused());
  await settle();
  expect(asking.keys()).toEqual(["a fast", "b fast", "c fast"]);
  asking.asked[2]?.answer();
  await asking.result;
});

test("one of two that finds the request at fault ends it", async () => {
  const rig = openWith({ retries: { attempts: 3 } });
  const asking = rig.ask("fast");
  await rig.clock.advance(1500);
  asking.asked[0]?.fail(answered(400));
  asking.asked[1]?.fail(answered(500));
  await settle();
  expect(asking.asked).toHaveLength(2);
  expect(await rejectionOf(asking.result)).toMatchObject({ details: { status: 500 } });
});

test("p95: nobody else is asked before enough is known, then when one of twenty answers would be late", async () => {
  const rig = openWith({ hedge: { after: "p95" }, deployments: [{}, {}], strategy: "priority" });
  for (let number = 20; number > 0; number--) {
    const asking = rig.ask("fast");
    await rig.clock.advance(number * 10);
    asking.asked[0]?.answer();
    const { lease } = await asking.result;
    lease.firstToken();
    lease.settle(undefined);
    expect(asking.asked).toHaveLength(1);
  }
  const asking = rig.ask("fast");
  await rig.clock.advance(189);
  expect(asking.asked).toHaveLength(1);
  await rig.clock.advance(20);
  expect(asking.asked).toHaveLength(2);
});
