import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { Failure } from "../../../src/core/errors.ts";
import { createGate } from "../../../src/routing/limits/gate.ts";
import { createMinuteClaims } from "../../../src/routing/limits/minute-claims.ts";
import { createMinuteLease } from "../../../src/routing/limits/minute-lease.ts";
import type { MinuteClaim, MinuteLeases } from "../../../src/routing/sharing/minutes.ts";
import { fadedAt } from "../../../src/routing/sharing/minute-window.ts";
import { createManualClock, settle } from "../../fixtures/manual-clock.ts";
import { propertyRuns } from "../../fixtures/property-runs.ts";
import { type MinuteWorkers, openMinuteWorkers } from "./minute-workers.ts";
import { MINUTE } from "./open-test-gates.ts";

const codeOf = (failure: unknown): unknown => failure instanceof Failure && failure.code;

/** A burst at workers in turn, whose messages come through at once. */
async function burst(workers: MinuteWorkers, numbers: readonly number[], count: number): Promise<number> {
  const askers = Array.from({ length: count }, (_, index) => workers.ask(numbers[index % numbers.length] ?? 1));
  await workers.deliverAll();
  for (const asker of askers) if (!asker?.permit) expect(codeOf(asker?.failure)).toBe("at_limit");
  return askers.filter((asker) => asker?.permit).length;
}

async function askOne(workers: MinuteWorkers) {
  const asker = workers.ask(1);
  await asker?.isOver;
  return asker;
}

describe("of a minute that workers share", () => {
  test.each([
    [30, 60, [1, 2]],
    [30, 600, [1, 2]],
    [30, 600, [2]],
    [1, 60, [1, 2]],
    [3, 60, [1, 2, 1]],
    [1000, 3000, [1, 2]],
  ])("with a limit of %i, of a burst of %i exactly the limit passes", async (limit, count, numbers) => {
    const workers = openMinuteWorkers(2, { requestsPerMinute: limit });
    expect(await burst(workers, numbers, count)).toBe(limit);
    expect(await burst(workers, [1, 2], count)).toBe(0);
    workers.close();
  });

  test("what one has not used goes to another that needs it", async () => {
    const workers = openMinuteWorkers(2, { requestsPerMinute: 30 });
    expect(await burst(workers, [1], 1)).toBe(1);
    expect(await burst(workers, [2], 60)).toBe(29);
    expect(await burst(workers, [1], 1)).toBe(0);
    workers.close();
  });

  test("most requests need no word from anybody", async () => {
    const workers = openMinuteWorkers(2, { requestsPerMinute: 6000 });
    for (let each = 0; each < 3000; each += 1) expect(await burst(workers, [1], 1)).toBe(1);
    expect(workers.messages()).toBeLessThan(60);
    workers.close();
  });

  test("what a worker that was killed had not used is there for others", async () => {
    const workers = openMinuteWorkers(2, { requestsPerMinute: 30 });
    expect(await burst(workers, [1], 2)).toBe(2);
    await workers.clock.advance(200);
    await workers.deliverAll();
    await workers.clock.advance(300);
    await workers.kill(1);
    expect(await burst(workers, [2], 60)).toBe(28);
    workers.start(1);
    expect(await burst(workers, [1, 2], 60)).toBe(0);
    workers.close();
  });

  test("what a worker that was killed may just have used is not given to others", async () => {
    const workers = openMinuteWorkers(2, { requestsPerMinute: 30 });
    expect(await burst(workers, [1], 1)).toBe(1);
    await workers.clock.advance(200);
    await workers.deliverAll();
    await workers.clock.advance(300);
    const messages = workers.messages();
    for (let each = 0; each < 2; each += 1) expect(workers.ask(1)?.permit).toBeDefined();
    await settle();
    expect(workers.messages()).toBe(messages);
    await workers.kill(1);
    await burst(workers, [2], 60);
    const { requests } = workers.countIn(100);
    expect([requests >= 28, requests <= 30]).toEqual([true, true]);
    workers.close();
  });

  test("what was not used is not missing in the next minute", async () => {
    const workers = openMinuteWorkers(2, { requestsPerMinute: 30 });
    expect(await burst(workers, [1, 2], 2)).toBe(2);
    await workers.clock.advance(MINUTE + 1);
    await workers.deliverAll();
    // Of the two of the minute before one counts by now.
    expect(await burst(workers, [1, 2], 60)).toBe(29);
    workers.close();
  });

  test("tokens that were estimated and not used are free for others, and those used beyond are made good first", async () => {
    const workers = openMinuteWorkers(2, { tokensPerMinute: 100 });
    const first = workers.ask(1, 80);
    await workers.deliverAll();
    expect(first?.permit).toBeDefined();
    const late = workers.ask(2, 40);
    await workers.deliverAll();
    expect(codeOf(late?.failure)).toBe("at_limit");
    workers.finish(workers.passed[0], 20);
    await workers.clock.advance(3000);
    await workers.deliverAll();
    const next = workers.ask(2, 80);
    await workers.deliverAll();
    expect(next?.permit).toBeDefined();
    workers.finish(workers.passed[1], 150);
    await workers.deliverAll();
    expect(await burst(workers, [1, 2], 4)).toBe(0);
    await workers.clock.advance(MINUTE);
    await workers.deliverAll();
    // 170 of the minute before fade to 100 after 24.7 seconds.
    expect(await burst(workers, [1, 2], 4)).toBe(0);
    await workers.clock.advance(30_000);
    expect(await burst(workers, [1, 2], 4)).toBe(4);
    workers.close();
  });

  test("two that each need most of the tokens do not keep each other from them", async () => {
    const workers = openMinuteWorkers(2, { tokensPerMinute: 100 });
    for (const number of [1, 2]) workers.ask(number, 5);
    await workers.deliverAll();
    const askers = [workers.ask(1, 60), workers.ask(2, 60)];
    await workers.deliverAll();
    expect(askers.filter((asker) => asker?.permit)).toHaveLength(1);
    workers.close();
  });

  test("those in a queue go on when others give something back, and else as soon as the minute lets them", async () => {
    const queue = { length: 10, timeoutMs: 3 * MINUTE };
    const workers = openMinuteWorkers(2, { tokensPerMinute: 100 }, { fast: queue });
    workers.ask(1, 100);
    await workers.deliverAll();
    const [second, third] = [workers.ask(2, 50), workers.ask(2, 100)];
    await workers.deliverAll();
    expect(second?.permit).toBeUndefined();
    workers.finish(workers.passed[0], 10);
    for (let each = 0; each < 3; each += 1) {
      await workers.clock.advance(1000);
      await workers.deliverAll();
    }
    expect([second?.permit !== undefined, third?.permit]).toEqual([true, undefined]);
    for (let each = 0; each < 130 && !third?.permit; each += 1) {
      await workers.clock.advance(1000);
      await workers.deliverAll();
    }
    expect(third?.permit).toBeDefined();
    workers.close();
  });

  test("a short queue keeps nobody out for whom there is room", async () => {
    const workers = openMinuteWorkers(2, { requestsPerMinute: 30 }, { fast: { length: 1, timeoutMs: 3 * MINUTE } });
    const askers = Array.from({ length: 60 }, (_, index) => workers.ask(1 + (index % 2)));
    await workers.deliverAll();
    expect(askers.filter((asker) => asker?.permit)).toHaveLength(30);
    const waiting = askers.filter((asker) => !asker?.permit && !asker?.failure);
    expect([1, 2]).toContain(waiting.length);
    expect(askers.filter((asker) => codeOf(asker?.failure) === "queue_full")).toHaveLength(30 - waiting.length);
    for (let each = 0; each < 70 && waiting.some((asker) => !asker?.permit); each += 1) {
      await workers.clock.advance(1000);
      await workers.deliverAll();
    }
    expect(waiting.map((asker) => asker?.permit !== undefined)).toEqual(waiting.map(() => true));
    workers.close();
  });

  test("a clock that is set back takes nothing away, and keeps nobody out for long", async () => {
    const workers = openMinuteWorkers(2, { requestsPerMinute: 30 });
    expect(await burst(workers, [1, 2], 20)).toBe(20);
    workers.set.milliseconds = -60 * MINUTE;
    expect(await burst(workers, [1, 2], 60)).toBe(10);
    await workers.clock.advance(2 * MINUTE);
    await workers.deliverAll();
    expect(await burst(workers, [1, 2], 60)).toBe(30);
    workers.close();
  });

  test("a supervisor that does not answer is waited for briefly, once: then each goes on with its fair share", async () => {
    const workers = openMinuteWorkers(2, { requestsPerMinute: 30 });
    // It has been greeted.
    await workers.deliverAll();
    const askers = Array.from({ length: 60 }, () => workers.ask(1));
    await workers.clock.advance(990);
    expect(askers.filter((asker) => asker?.permit || asker?.failure)).toHaveLength(0);
    await workers.clock.advance(10);
    expect(askers.filter((asker) => asker?.permit)).toHaveLength(15);
    expect(askers.filter((asker) => codeOf(asker?.failure) === "at_limit")).toHaveLength(45);
    expect(codeOf((await askOne(workers))?.failure)).toBe("at_limit");
    await workers.deliverAll();
    expect(await burst(workers, [1, 2], 60)).toBe(15);
    workers.close();
  });

  test("a limit that is lowered while requests come holds for what comes then", async () => {
    const workers = openMinuteWorkers(2, { requestsPerMinute: 30 });
    expect(await burst(workers, [1, 2], 8)).toBe(8);
    for (const { gates } of workers.all.values()) gates.gates = gates.configure({ left: { requestsPerMinute: 10 } });
    await workers.deliverAll();
    expect(await burst(workers, [1, 2], 60)).toBe(2);
    workers.close();
  });
});

test.each([1, 8, 9, 40])("one that fits passes behind %i that do not", async (count) => {
  const workers = openMinuteWorkers(2, { tokensPerMinute: 1000 });
  workers.ask(2, 900);
  await workers.deliverAll();
  for (let each = 0; each < count; each += 1) workers.ask(1, 500);
  const last = workers.ask(1, 50);
  await workers.deliverAll();
  expect(last?.permit).toBeDefined();
  workers.close();
});

test.each([0, 1, 2])(
  "a limit that is taken away does not part a worker from the others, after %i s",
  async (seconds) => {
    const workers = openMinuteWorkers(2, { requestsPerMinute: 30 });
    expect(await burst(workers, [1], 1)).toBe(1);
    workers.passed[0]?.asker.permit?.release(1);
    for (let each = 0; each < 10 * seconds; each += 1) {
      await workers.clock.advance(100);
      await workers.deliverAll();
    }
    const gates = workers.all.get(1)?.gates;
    gates?.configure({ left: { requestsPerMinute: 29 } });
    gates?.configure({});
    for (let each = 0; each < 50; each += 1) {
      await workers.deliverAll();
      await workers.clock.advance(100);
    }
    if (gates) gates.gates = gates.configure({ left: { requestsPerMinute: 30 } });
    // By itself it would have the half. One has passed before.
    expect(await burst(workers, [1], 60)).toBe(29);
    workers.close();
  },
);

test("of a limit that comes while nobody answers, each worker has its share", async () => {
  const workers = openMinuteWorkers(2, { requestsPerMinute: 30 });
  await workers.deliverAll();
  workers.ask(1);
  await workers.clock.advance(2000);
  workers.passed[0]?.asker.permit?.release(1);
  const gates = workers.all.get(1)?.gates;
  gates?.configure({});
  if (gates) gates.gates = gates.configure({ left: { requestsPerMinute: 30 } });
  for (let each = 0; each < 60; each += 1) workers.ask(1);
  // With the one that had passed before.
  expect(workers.countIn(100).requests).toBe(15);
  workers.close();
});

test("who answers all the time is not away, however much is asked", async () => {
  const clock = createManualClock();
  let silences = 0;
  const made: MinuteClaim[] = [];
  const minutes: MinuteLeases = {
    ...{ waitMs: 20, patienceMs: 15, processes: () => 2, listen() {} },
    claim: (claim) => void made.push(claim),
  };
  const claims = createMinuteClaims({
    ...{ minutes, clock: clock.now, timers: clock, roll() {} },
    onSilence: () => void (silences += 1),
  });
  const rule = { label: "left", limits: { requestsPerMinute: 10 } };
  const [one, other] = ["a", "b"].map((key) => createGate(key, rule, 0, createMinuteLease()));
  if (!one || !other) throw new Error("there are two");
  const answerLast = (gate: string): void => {
    const last = made.findLast((claim) => claim.gate === gate);
    if (last) claims.settle(last);
  };
  claims.claim(one, true);
  for (let each = 0; each < 20; each += 1) {
    await clock.advance(8);
    claims.claim(other, true);
    await clock.advance(2);
    answerLast("a");
    claims.claim(one, true);
    answerLast("b");
  }
  expect([made.length, silences]).toEqual([41, 0]);
  await clock.advance(20);
  expect(silences).toBe(1);
});

const step = fc.oneof(
  { weight: 8, arbitrary: fc.record({ ask: fc.integer({ min: 1, max: 3 }), tokens: fc.integer({ min: 1, max: 60 }) }) },
  { weight: 8, arbitrary: fc.record({ deliver: fc.integer({ min: 1, max: 3 }) }) },
  { weight: 3, arbitrary: fc.record({ finish: fc.nat(), part: fc.double({ min: 0, max: 1, noNaN: true }) }) },
  { weight: 2, arbitrary: fc.record({ advance: fc.integer({ min: 0, max: 4 }) }) },
  { weight: 1, arbitrary: fc.record({ skip: fc.integer({ min: 0, max: 70_000 }) }) },
  { weight: 1, arbitrary: fc.record({ kill: fc.integer({ min: 1, max: 3 }) }) },
  { weight: 1, arbitrary: fc.record({ start: fc.integer({ min: 1, max: 3 }) }) },
);
type Step = typeof step extends fc.Arbitrary<infer Each> ? Each : never;

const limits = fc.record(
  { requestsPerMinute: fc.integer({ min: 1, max: 40 }), tokensPerMinute: fc.integer({ min: 1, max: 500 }) },
  { requiredKeys: [] },
);

async function take(workers: MinuteWorkers, each: Step, kills: boolean): Promise<void> {
  if ("ask" in each) workers.ask(each.ask, each.tokens);
  else if ("deliver" in each) await workers.deliver(each.deliver);
  else if ("finish" in each) {
    const { passed } = workers;
    const one = passed[each.finish % Math.max(1, passed.length)];
    if (one) workers.finish(one, Math.floor(one.tokens * each.part));
  } else if ("advance" in each) await workers.clock.advance(each.advance);
  else if ("skip" in each) {
    // Time passes, and messages come through meanwhile.
    for (let left = each.skip; left > 0; left -= 500) {
      await workers.deliverAll();
      await workers.clock.advance(Math.min(500, left));
    }
  } else if (kills && "kill" in each) await workers.kill(each.kill);
  else if ("start" in each) workers.start(each.start);
}

/** What counts in a minute is never more than the limit, at no time. */
function look(
  workers: MinuteWorkers,
  { requestsPerMinute = Infinity, tokensPerMinute = Infinity }: object & Limits,
): void {
  const { requests, tokens } = workers.countIn(Math.floor(workers.clock.now() / MINUTE));
  expect(requests).toBeLessThanOrEqual(requestsPerMinute);
  expect(tokens).toBeLessThanOrEqual(tokensPerMinute);
}
interface Limits {
  readonly requestsPerMinute?: number;
  readonly tokensPerMinute?: number;
}

describe("whatever comes in whatever order", () => {
  test("all workers together let no more pass in a minute than the limit", async () => {
    await fc.assert(
      fc.asyncProperty(limits, fc.array(step, { maxLength: 150, size: "max" }), async (limited, steps) => {
        const workers = openMinuteWorkers(3, limited);
        for (const each of steps) {
          await take(workers, each, true);
          look(workers, limited);
        }
        await workers.deliverAll();
        look(workers, limited);
        workers.close();
      }),
      propertyRuns(100),
    );
  });

  test("all that the limit lets pass does so in the end, at whichever worker it comes", async () => {
    const whole = fc.integer({ min: 1, max: 40 });
    await fc.assert(
      fc.asyncProperty(
        whole,
        fc.array(step, { maxLength: 100, size: "max" }),
        fc.integer({ min: 1, max: 3 }),
        async (limit, steps, last) => {
          const workers = openMinuteWorkers(3, { requestsPerMinute: limit });
          for (const each of steps) await take(workers, each, false);
          await workers.deliverAll();
          // Each has said what it used.
          await burst(workers, [1, 2, 3], 3);
          await burst(workers, [last], 50);
          const now = workers.clock.now();
          const minute = Math.floor(now / MINUTE);
          expect(workers.countIn(minute).requests).toBe(
            Math.max(workers.countIn(minute).requests, limit - fadedAt(workers.countIn(minute - 1).requests, now)),
          );
          look(workers, { requestsPerMinute: limit });
          workers.close();
        },
      ),
      propertyRuns(100),
    );
  });
});
