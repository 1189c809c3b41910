import { describe, expect, test } from "bun:test";
import { createGates } from "../../../src/routing/limits/create-gates.ts";
import { deploymentAt, entered, MINUTE, openTestGates, refusalOf, rulesOf } from "./open-test-gates.ts";

describe("max_in_flight", () => {
  test("lets so many in, refuses the next in the operator's words, and takes one more for each that is over", () => {
    const { gates } = openTestGates({ left: { maxInFlight: 2 } });
    const left = deploymentAt("left");
    const first = entered(gates.tryEnter(left, 1));
    entered(gates.tryEnter(left, 1));
    expect(refusalOf(gates.tryEnter(left, 1))).toEqual({
      limit: "max_in_flight 2 of left",
      retryAfterMs: undefined,
      isAsking: false,
    });
    first.release();
    first.release();
    entered(gates.tryEnter(left, 1));
    refusalOf(gates.tryEnter(left, 1));
  });

  test("of several gates is entered at all or at none", () => {
    const { gates } = openTestGates({ narrow: { maxInFlight: 5 }, wide: { maxInFlight: 1 } });
    const both = deploymentAt("narrow", "wide");
    const permit = entered(gates.tryEnter(both, 1));
    expect(refusalOf(gates.tryEnter(both, 1)).limit).toBe("max_in_flight 1 of wide");
    expect(gates.view().gates.map(({ inFlight }) => inFlight)).toEqual([1, 1]);
    permit.release();
    expect(gates.view().gates.map(({ inFlight }) => inFlight)).toEqual([0, 0]);
  });

  test("does not bound a deployment without gates, or one whose gates have no rule", () => {
    const { gates } = openTestGates({});
    for (let count = 0; count < 100; count++) entered(gates.tryEnter(deploymentAt(), 1));
    for (let count = 0; count < 100; count++) entered(gates.tryEnter(deploymentAt("unknown"), 1)).release();
  });

  test("is what the newest configuration says, for requests of earlier ones too; what is in flight finishes", () => {
    const { gates, configure } = openTestGates({ left: { maxInFlight: 3 } });
    const left = deploymentAt("left");
    const permits = [1, 2, 3].map(() => entered(gates.tryEnter(left, 1)));
    const lowered = configure({ left: { maxInFlight: 1 } });
    for (const permit of permits) {
      refusalOf(gates.tryEnter(left, 1));
      refusalOf(lowered.tryEnter(left, 1));
      permit.release();
    }
    entered(lowered.tryEnter(left, 1));
    refusalOf(gates.tryEnter(left, 1));
    configure({ left: { maxInFlight: 2 } });
    entered(gates.tryEnter(left, 1));
    refusalOf(lowered.tryEnter(left, 1));
    expect(lowered.view().gates[0]?.inFlight).toBe(2);
  });

  test("is not touched by a configuration that is made, but never used", () => {
    const { gates, states } = openTestGates({ left: { maxInFlight: 1 } });
    createGates(states, rulesOf({ left: { maxInFlight: 2 } }), new Map());
    entered(gates.tryEnter(deploymentAt("left"), 1));
    refusalOf(gates.tryEnter(deploymentAt("left"), 1));
  });

  test("counts what is in flight through configurations that have not got the gate", () => {
    const { gates, configure } = openTestGates({ left: { maxInFlight: 1 } });
    const left = deploymentAt("left");
    const permit = entered(gates.tryEnter(left, 1));
    configure({});
    refusalOf(gates.tryEnter(left, 1));
    refusalOf(configure({ left: { maxInFlight: 1 } }).tryEnter(left, 1));
    configure({});
    permit.release();
    const late = entered(gates.tryEnter(left, 1));
    const again = configure({ left: { maxInFlight: 1 } });
    refusalOf(again.tryEnter(left, 1));
    late.release();
    entered(again.tryEnter(left, 1));
  });
});

test("gates that no configuration has are forgotten once nothing is in flight at them", () => {
  const { configure, states } = openTestGates({});
  const permits = Array.from({ length: 50 }, (_, index) =>
    entered(configure({ [`gate ${index}`]: { maxInFlight: 1 } }).tryEnter(deploymentAt(`gate ${index}`), 1)),
  );
  expect(states.size()).toBe(50);
  for (const permit of permits) permit.release();
  expect(states.size()).toBe(1);
});

describe("requests_per_minute", () => {
  test("lets so many pass in a minute, and says when the next one may", async () => {
    const { gates, clock } = openTestGates({ left: { requestsPerMinute: 2 } });
    const left = deploymentAt("left");
    entered(gates.tryEnter(left, 1)).release();
    entered(gates.tryEnter(left, 1)).release();
    const refusal = refusalOf(gates.tryEnter(left, 1));
    expect(refusal).toEqual({ limit: "requests_per_minute 2 of left", retryAfterMs: MINUTE + 1, isAsking: false });
    await clock.advance(MINUTE);
    refusalOf(gates.tryEnter(left, 1));
    await clock.advance(1);
    entered(gates.tryEnter(left, 1)).release();
    expect(refusalOf(gates.tryEnter(left, 1)).retryAfterMs).toBe(MINUTE / 2);
    await clock.advance(MINUTE / 2 - 1);
    refusalOf(gates.tryEnter(left, 1));
    await clock.advance(1);
    entered(gates.tryEnter(left, 1)).release();
  });

  test("of one lets one pass each minute", async () => {
    const { gates, clock } = openTestGates({ left: { requestsPerMinute: 1 } });
    let passed = 0;
    for (let second = 0; second < 600; second++) {
      if ("release" in gates.tryEnter(deploymentAt("left"), 1)) passed += 1;
      await clock.advance(1000);
    }
    expect(passed).toBe(10);
  });

  test("forgets what is two minutes old, and nothing when the clock is set back", async () => {
    const { gates, clock, set } = openTestGates({ left: { requestsPerMinute: 1 } });
    entered(gates.tryEnter(deploymentAt("left"), 1)).release();
    set.milliseconds = -5 * MINUTE;
    refusalOf(gates.tryEnter(deploymentAt("left"), 1));
    await clock.advance(2 * MINUTE);
    entered(gates.tryEnter(deploymentAt("left"), 1)).release();
  });
});

describe("tokens_per_minute", () => {
  test("counts the estimate at first, and what was used once it is known", () => {
    const { gates } = openTestGates({ left: { tokensPerMinute: 1000 } });
    const left = deploymentAt("left");
    const first = entered(gates.tryEnter(left, 900));
    expect(refusalOf(gates.tryEnter(left, 200)).limit).toBe("tokens_per_minute 1000 of left");
    first.release(300);
    first.release(0);
    expect(gates.view().gates[0]?.tokens).toBe(300);
    const second = entered(gates.tryEnter(left, 700));
    second.release();
    expect(gates.view().gates[0]?.tokens).toBe(1000);
    expect(refusalOf(gates.tryEnter(left, 1)).retryAfterMs).toBeGreaterThan(MINUTE);
  });

  test("is settled in the minute in which it was estimated; two minutes later it does not count any more", async () => {
    const { gates, clock } = openTestGates({ left: { tokensPerMinute: 1000 } });
    const left = deploymentAt("left");
    const early = entered(gates.tryEnter(left, 400));
    const late = entered(gates.tryEnter(left, 400));
    await clock.advance(MINUTE);
    early.release(100);
    refusalOf(gates.tryEnter(left, 501));
    entered(gates.tryEnter(left, 500)).release(0);
    await clock.advance(MINUTE);
    late.release(100_000);
    entered(gates.tryEnter(left, 1000)).release(0);
  });

  test("lets a request larger than all of it pass alone", async () => {
    const { gates, clock } = openTestGates({ left: { tokensPerMinute: 1000 } });
    const left = deploymentAt("left");
    const small = entered(gates.tryEnter(left, 10));
    refusalOf(gates.tryEnter(left, 5000));
    small.release(0);
    entered(gates.tryEnter(left, 5000)).release();
    const { retryAfterMs = 0 } = refusalOf(gates.tryEnter(left, 10));
    await clock.advance(retryAfterMs - 1);
    refusalOf(gates.tryEnter(left, 10));
    await clock.advance(1);
    entered(gates.tryEnter(left, 10));
  });

  test("are held by one that asks for more than there are no longer than by one that asks for all", () => {
    const { gates } = openTestGates({ left: { tokensPerMinute: 1000 } });
    const left = deploymentAt("left");
    entered(gates.tryEnter(left, 1e308)).release();
    expect(refusalOf(gates.tryEnter(left, 10)).retryAfterMs).toBeLessThan(61_000);
  });
});
