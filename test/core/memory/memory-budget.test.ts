import { describe, expect, test } from "bun:test";
import { MAX_WAIT_MS, MAX_WAITING, type MemoryHolder } from "../../../src/core/memory/budget.ts";
import { createManualClock } from "../../fixtures/manual-clock.ts";
import { createTestBudget } from "../../fixtures/memory-budget.ts";

const MIB = 1024 * 1024;
const LIMIT = 64 * MIB;
/** What of it large holders may have. */
const LARGE = LIMIT * (7 / 8);

const holder = (): MemoryHolder => ({ heldBytes: 0 });

function setUp() {
  const clock = createManualClock();
  const budget = createTestBudget(LIMIT, clock);
  const client = new AbortController();
  const hold = (who: MemoryHolder, bytes: number) => budget.hold(who, bytes, client.signal);
  /** How a wait has ended. */
  const outcomeOf = (wait: Promise<void> | undefined): Promise<unknown> =>
    (wait ?? Promise.resolve()).then(
      () => "held",
      (error: unknown) => (error as { code: string }).code,
    );
  return { clock, budget, client, hold, outcomeOf };
}

test("counts what each holds at the moment, and nothing of those that are over", () => {
  const { budget, hold } = setUp();
  const [one, other] = [holder(), holder()];
  expect(hold(one, 10 * MIB)).toBeUndefined();
  expect(hold(other, MIB)).toBeUndefined();
  expect(hold(one, 4 * MIB)).toBeUndefined();
  expect(budget.used()).toBe(5 * MIB);
  budget.release(one);
  budget.release(one);
  expect(budget.used()).toBe(MIB);
  expect(budget.tryHold(one, MIB)).toBe(false);
  budget.release(other);
  expect(budget.used()).toBe(0);
});

test("has what large ones gave back collected before as much is held again", () => {
  let collections = 0;
  const budget = createTestBudget(LIMIT, createManualClock(), () => (collections += 1));
  const hold = (bytes: number): void => {
    const who = holder();
    expect(budget.tryHold(who, bytes)).toBe(true);
    budget.release(who);
  };
  for (let count = 0; count < 1000; count += 1) hold(MIB / 2);
  expect(collections).toBe(0);
  for (let count = 0; count < 6; count += 1) hold(LIMIT / 4);
  expect(collections).toBe(1);
});

describe("what does not fit", () => {
  test("is held as soon as enough was freed, in the order of asking", async () => {
    const { clock, budget, hold, outcomeOf } = setUp();
    const [first, second, third] = [holder(), holder(), holder()];
    await hold(first, LARGE);
    const waits = [hold(second, 30 * MIB), hold(third, 10 * MIB)].map(outcomeOf);
    expect(budget.waiting()).toBe(2);
    expect(budget.tryHold(first, LARGE - 10 * MIB)).toBe(true);
    expect([budget.waiting(), second.heldBytes, third.heldBytes]).toEqual([2, 0, 0]);
    budget.release(first);
    expect(await Promise.all(waits)).toEqual(["held", "held"]);
    expect(budget.used()).toBe(40 * MIB);
    expect(clock.timersWaiting()).toBeLessThanOrEqual(1);
  });

  test("waits no longer than the deadline, and holds nothing then", async () => {
    const { clock, budget, hold, outcomeOf } = setUp();
    const [first, second] = [holder(), holder()];
    await hold(first, LARGE);
    const wait = outcomeOf(hold(second, 8 * MIB));
    await clock.advance(MAX_WAIT_MS - 1);
    expect(budget.waiting()).toBe(1);
    await clock.advance(1);
    expect(await wait).toBe("memory_exhausted");
    expect([budget.waiting(), budget.used(), second.heldBytes]).toEqual([0, LARGE, 0]);
  });

  test("is not waited for by a client that has left", async () => {
    const { budget, client, hold, outcomeOf } = setUp();
    await hold(holder(), LARGE);
    const waits = [outcomeOf(hold(holder(), 8 * MIB))];
    client.abort();
    waits.push(outcomeOf(hold(holder(), 8 * MIB)));
    expect(await Promise.all(waits)).toEqual(["client_gone", "client_gone"]);
    expect(budget.waiting()).toBe(0);
  });

  test("is refused at once if it could never fit, or if too many wait", async () => {
    const { hold, outcomeOf } = setUp();
    expect(await outcomeOf(hold(holder(), LARGE + 1))).toBe("body_too_large");
    await hold(holder(), LARGE);
    for (let count = 0; count < MAX_WAITING; count += 1) hold(holder(), 8 * MIB)?.catch(() => {});
    expect(await outcomeOf(hold(holder(), 8 * MIB))).toBe("memory_exhausted");
  });

  test("does not keep small ones waiting that fit before it", async () => {
    const { budget, hold, outcomeOf } = setUp();
    const [large, small] = [holder(), holder()];
    await hold(large, LARGE);
    for (let count = 0; count < 4; count += 1) await hold(holder(), 2 * MIB);
    const waits = [hold(holder(), 30 * MIB), hold(small, MIB)].map(outcomeOf);
    expect(budget.waiting()).toBe(2);
    expect(budget.tryHold(large, LARGE - MIB)).toBe(true);
    expect(small.heldBytes).toBe(MIB);
    expect(await waits[1]).toBe("held");
    expect(budget.waiting()).toBe(1);
  });

  test("lets those behind it in when it gives up", async () => {
    const { budget, clock, hold, outcomeOf } = setUp();
    const large = holder();
    await hold(large, LARGE);
    const gaveUp = new AbortController();
    const first = outcomeOf(budget.hold(holder(), 30 * MIB, gaveUp.signal));
    const second = outcomeOf(hold(holder(), 20 * MIB));
    expect(budget.tryHold(large, LARGE - 22 * MIB)).toBe(true);
    expect(budget.waiting()).toBe(2);
    gaveUp.abort();
    expect(await first).toBe("client_gone");
    expect(budget.waiting()).toBe(0);
    expect(await second).toBe("held");
    expect(clock.timersWaiting()).toBeLessThanOrEqual(1);
  });

  test("does not keep small ones out", async () => {
    const { budget, hold } = setUp();
    await hold(holder(), LARGE);
    hold(holder(), 8 * MIB)?.catch(() => {});
    expect(hold(holder(), MIB)).toBeUndefined();
    expect(budget.used()).toBe(LARGE + MIB);
  });
});
