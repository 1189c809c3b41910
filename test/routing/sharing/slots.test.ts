import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { propertyRuns } from "../../fixtures/property-runs.ts";
import { GATE, openWorkers, type Workers } from "./workers.ts";

const inFlightOf = ({ all }: Workers): number[] => [...all.values()].map(({ inFlight }) => inFlight);
const grantedTo = ({ all }: Workers, limit: number): number[] =>
  [...all.values()].map(({ slots }) => slots.granted(GATE, limit));
const sumOf = (counts: readonly number[]): number => counts.reduce((sum, count) => sum + count, 0);

async function arriveAt(workers: Workers, number: number, count: number): Promise<void> {
  for (let each = 0; each < count; each += 1) workers.arrive(number);
  await workers.deliverAll();
}

describe("slots of a gate", () => {
  test("are there from the start: a fair share needs no word from anybody", async () => {
    const workers = openWorkers(3, 8);
    for (const [number, count] of [3, 3, 2].entries()) {
      for (let each = 0; each < count; each += 1) workers.arrive(number + 1);
    }
    expect(inFlightOf(workers)).toEqual([3, 3, 2]);
    await workers.deliverAll();
    // Each says what the limit is.
    expect(workers.messages()).toBe(3);
    for (let each = 0; each < 100; each += 1) {
      workers.finish(1);
      workers.arrive(1);
    }
    await workers.deliverAll();
    expect(workers.messages()).toBe(3);
  });

  test("that others do not use go to who needs them, without any time passing, and come back after a while", async () => {
    const workers = openWorkers(4, 8);
    await arriveAt(workers, 1, 8);
    expect(inFlightOf(workers)).toEqual([8, 0, 0, 0]);
    for (let each = 0; each < 8; each += 1) workers.finish(1);
    await workers.deliverAll();
    await workers.clock.advance(1000);
    await workers.deliverAll();
    expect(grantedTo(workers, 8)).toEqual([2, 2, 2, 2]);
  });

  test("are shared fairly as requests end, although who has them has others waiting", async () => {
    const workers = openWorkers(2, 6);
    await arriveAt(workers, 1, 50);
    expect(inFlightOf(workers)).toEqual([6, 0]);
    await arriveAt(workers, 2, 50);
    for (let each = 0; each < 3; each += 1) {
      workers.finish(1);
      await workers.deliverAll();
    }
    expect(inFlightOf(workers)).toEqual([3, 3]);
  });

  test("fewer than there are workers go around", async () => {
    const workers = openWorkers(4, 1);
    for (let number = 1; number <= 4; number += 1) await arriveAt(workers, number, 3);
    // The first one has one and waits for another before the others do.
    const served: number[] = [];
    for (let each = 0; each < 12; each += 1) {
      const holder = inFlightOf(workers).indexOf(1) + 1;
      served.push(holder);
      expect(workers.inFlight()).toBe(1);
      workers.finish(holder);
      await workers.deliverAll();
    }
    expect(served).toEqual([1, 1, 2, 3, 4, 1, 2, 3, 4, 2, 3, 4]);
    expect(workers.waiting()).toBe(0);
  });

  test("of a worker that dies come back at once, and the next one gets its share of what is free", async () => {
    const workers = openWorkers(2, 4);
    await arriveAt(workers, 1, 2);
    await arriveAt(workers, 2, 5);
    expect(inFlightOf(workers)).toEqual([2, 2]);
    workers.kill(1);
    await workers.deliverAll();
    expect(inFlightOf(workers)).toEqual([4]);
    workers.start(1);
    await arriveAt(workers, 1, 1);
    expect(workers.all.get(1)?.inFlight).toBe(0);
    workers.finish(2);
    await workers.deliverAll();
    expect([workers.all.get(1)?.inFlight, workers.inFlight()]).toEqual([1, 4]);
  });

  test("follow a limit that is changed", async () => {
    const workers = openWorkers(2, 2);
    await arriveAt(workers, 1, 4);
    await arriveAt(workers, 2, 4);
    for (const number of [1, 2]) workers.setLimit(number, 6);
    await workers.deliverAll();
    expect(inFlightOf(workers)).toEqual([3, 3]);
    for (const number of [1, 2]) workers.setLimit(number, 1);
    await workers.deliverAll();
    for (let each = 0; each < 6; each += 1) {
      workers.finish(inFlightOf(workers).findIndex((count) => count > 0) + 1);
      await workers.deliverAll();
      expect(workers.inFlight()).toBe(
        Math.max(Math.min(5 - each, 6), Math.min(1, workers.waiting() + workers.inFlight())),
      );
    }
  });

  test("are not all held by requests that wait for something else, too", async () => {
    const workers = openWorkers(2, 2);
    const holder = workers.all.get(1);
    if (holder) holder.isBlocked = true;
    await arriveAt(workers, 1, 3);
    expect(grantedTo(workers, 2)).toEqual([2, 0]);
    await arriveAt(workers, 2, 2);
    expect(workers.inFlight()).toBe(0);
    await workers.clock.advance(50);
    await workers.deliverAll();
    expect(inFlightOf(workers)).toEqual([0, 1]);
  });
});

const WORKERS = 4;
type Step = readonly [kind: number, worker: number];
const steps = fc.array(fc.tuple(fc.nat(99), fc.integer({ min: 1, max: WORKERS })), { maxLength: 300, size: "max" });

/** Requests come and end, messages arrive late, workers die and are started again. */
async function take(workers: Workers, [kind, number]: Step): Promise<void> {
  if (kind < 35) workers.arrive(number);
  else if (kind < 60) workers.finish(number);
  else if (kind < 95) await workers.deliver(number);
  else if (kind < 97) workers.kill(number);
  else if (kind < 99) workers.start(number);
  else await workers.clock.advance(60);
}

test("whatever happens, no more are used than there are, all are used that are wanted, and all come back", async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 10 }), steps, fc.boolean(), async (limit, taken, looks) => {
      const workers = openWorkers(WORKERS, limit);
      for (const step of taken) {
        await take(workers, step);
        expect(workers.inFlight()).toBeLessThanOrEqual(limit);
        // To look is to have the worker name the gate, which some do only later.
        if (looks) expect(sumOf(grantedTo(workers, limit))).toBeLessThanOrEqual(limit);
      }
      for (let number = 1; number <= WORKERS; number += 1) workers.start(number);
      // Everybody gets one if there is one.
      await workers.deliverAll();
      expect(workers.waiting() > 0 && workers.inFlight() < limit).toBe(false);
      expect(workers.messages()).toBeLessThanOrEqual(12 * WORKERS + 12 * taken.length);
      for (let each = 0; workers.inFlight() > 0; each += 1) {
        for (let number = 1; number <= WORKERS; number += 1) workers.finish(number);
        await workers.deliverAll();
        if (each > 1000) throw new Error("requests wait that nobody lets in");
      }
      expect(workers.waiting()).toBe(0);
      for (let each = 0; each < 4; each += 1) {
        await workers.clock.advance(1000);
        await workers.deliverAll();
      }
      const shares = [...workers.all.values()].map(({ slots, number }) => [number, slots.granted(GATE, limit)]);
      const fair = (number: number): number => Math.floor(limit / WORKERS) + (number <= limit % WORKERS ? 1 : 0);
      expect(shares).toEqual(shares.map(([number = 0]) => [number, fair(number)]));
    }),
    propertyRuns(60),
  );
});

test("with limits that change, all workers settle on the last one", async () => {
  const change = fc.tuple(fc.integer({ min: 1, max: 10 }), steps);
  await fc.assert(
    fc.asyncProperty(fc.array(change, { minLength: 2, maxLength: 4 }), async (changes) => {
      const workers = openWorkers(WORKERS, 4);
      let highest = 4;
      let last = 4;
      for (const [limit, taken] of changes) {
        highest = Math.max(highest, limit);
        last = limit;
        // In the order in which each worker reloads, with other things in between.
        for (const [index, step] of taken.slice(0, 100).entries()) {
          if (index < WORKERS) workers.setLimit(index + 1, limit);
          await take(workers, step);
          expect(workers.inFlight()).toBeLessThanOrEqual(2 * highest);
        }
        for (let number = 1; number <= WORKERS; number += 1) workers.setLimit(number, limit);
      }
      for (let number = 1; number <= WORKERS; number += 1) workers.start(number);
      for (let number = 1; number <= WORKERS; number += 1) workers.setLimit(number, last);
      await workers.deliverAll();
      for (let each = 0; workers.inFlight() + workers.waiting() > 0; each += 1) {
        for (let number = 1; number <= WORKERS; number += 1) workers.finish(number);
        await workers.deliverAll();
        if (each > 0) expect(workers.inFlight()).toBeLessThanOrEqual(Math.max(last, 10));
        if (each > 1000) throw new Error("requests wait that nobody lets in");
      }
      for (let each = 0; each < 4; each += 1) {
        await workers.clock.advance(1000);
        await workers.deliverAll();
      }
      expect(sumOf(grantedTo(workers, last))).toBe(last);
    }),
    propertyRuns(40),
  );
});
