import { expect, test } from "bun:test";
import fc from "fast-check";
import { createDeadlines } from "../../src/core/deadlines.ts";
import { createManualClock } from "../fixtures/manual-clock.ts";
import { propertyRuns } from "../fixtures/property-runs.ts";

function setUp() {
  const clock = createManualClock(0);
  /** Added to the time that the deadlines see. */
  const ahead = { milliseconds: 0 };
  const now = (): number => clock.now() + ahead.milliseconds;
  const deadlines = createDeadlines({ ...clock, now });
  const expired: string[] = [];
  const open = (name: string, inMs: number) =>
    deadlines.open(now() + inMs, () => void expired.push(`${name}@${now()}`));
  return { clock, ahead, deadlines, expired, open };
}

test("expires once, not before its time", async () => {
  const { clock, deadlines, expired, open } = setUp();
  open("a", 100);
  await clock.advance(99);
  expect(expired).toEqual([]);
  await clock.advance(1);
  await clock.advance(1000);
  expect(expired).toEqual(["a@100"]);
  expect([deadlines.size(), clock.timersWaiting()]).toEqual([0, 0]);
});

test("released, it never expires", async () => {
  const { clock, deadlines, expired, open } = setUp();
  const deadline = open("a", 100);
  deadlines.release(deadline);
  deadlines.release(deadline);
  await clock.advance(1000);
  expect(expired).toEqual([]);
  expect([deadlines.size(), clock.timersWaiting()]).toEqual([0, 0]);
});

test("pushed back again and again, it sets no new timer until the first time has come", async () => {
  const { clock, expired, open } = setUp();
  const deadline = open("a", 100);
  for (let step = 0; step < 1000; step++) {
    await clock.advance(1);
    deadline.expiresAt = clock.now() + 100;
  }
  expect(expired).toEqual([]);
  expect(clock.timersSet()).toBeLessThan(15);
  await clock.advance(100);
  expect(expired).toEqual(["a@1100"]);
});

test("moved to an earlier time, it expires then", async () => {
  const { clock, deadlines, expired, open } = setUp();
  const deadline = open("a", 100);
  deadlines.move(deadline, clock.now() + 10);
  await clock.advance(10);
  expect(expired).toEqual(["a@10"]);
});

test("one may open, move and release others while it expires", async () => {
  const { clock, deadlines, expired, open } = setUp();
  const other = open("other", 50);
  const moved = open("moved", 20);
  deadlines.open(clock.now() + 10, () => {
    deadlines.release(other);
    deadlines.move(moved, clock.now() + 5);
    open("new", 1);
  });
  await clock.advance(100);
  expect(expired).toEqual(["new@11", "moved@15"]);
  expect(deadlines.size()).toBe(0);
});

test("one that moves itself on while it expires comes again", async () => {
  const { clock, deadlines } = setUp();
  let rounds = 0;
  const deadline = deadlines.open(clock.now() + 10, () => {
    rounds += 1;
    if (rounds < 3) deadlines.move(deadline, clock.now() + 10);
  });
  await clock.advance(100);
  expect(rounds).toBe(3);
});

test("after a process was stopped for a while, all that are due expire together", async () => {
  const { clock, ahead, expired, open } = setUp();
  open("a", 10);
  open("b", 20);
  open("c", 5000);
  ahead.milliseconds = 1000;
  await clock.advance(10);
  expect(expired).toEqual(["a@1010", "b@1010"]);
});

test("a wait longer than timers can be asked for is waited for all the same", async () => {
  const { clock, expired, open } = setUp();
  const day = 24 * 3600 * 1000;
  open("a", 40 * day);
  await clock.advance(39 * day);
  expect(expired).toEqual([]);
  await clock.advance(day);
  expect(expired).toEqual([`a@${40 * day}`]);
});

test("any number of deadlines, opened, moved and released at any time: each expires exactly at its last time", async () => {
  const operation = fc.oneof(
    fc.record({ kind: fc.constant("open" as const), inMs: fc.integer({ min: 1, max: 50 }) }),
    fc.record({ kind: fc.constant("move" as const), index: fc.nat(9), inMs: fc.integer({ min: 1, max: 50 }) }),
    fc.record({ kind: fc.constant("touch" as const), index: fc.nat(9), inMs: fc.integer({ min: 1, max: 50 }) }),
    fc.record({ kind: fc.constant("release" as const), index: fc.nat(9) }),
    fc.record({ kind: fc.constant("advance" as const), ms: fc.integer({ min: 1, max: 20 }) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(operation, { maxLength: 40 }), async (operations) => {
      const clock = createManualClock();
      const deadlines = createDeadlines(clock);
      const all: { due: number; over: boolean; expiredAt?: number; deadline: ReturnType<typeof deadlines.open> }[] = [];
      for (const step of operations) {
        if (step.kind === "advance") await clock.advance(step.ms);
        else if (step.kind === "open") {
          const due = clock.now() + step.inMs;
          const entry: (typeof all)[number] = {
            due,
            over: false,
            deadline: deadlines.open(due, () => {
              entry.expiredAt = clock.now();
              entry.over = true;
            }),
          };
          all.push(entry);
        } else {
          const entry = all[step.index];
          if (!entry || entry.over) continue;
          if (step.kind === "release") {
            deadlines.release(entry.deadline);
            entry.over = true;
            continue;
          }
          const due = clock.now() + step.inMs;
          if (step.kind === "touch" && due < entry.due) continue;
          entry.due = due;
          if (step.kind === "touch") entry.deadline.expiresAt = due;
          else deadlines.move(entry.deadline, due);
        }
      }
      await clock.advance(100);
      for (const { due, over, expiredAt } of all) {
        expect(over).toBe(true);
        if (expiredAt !== undefined) expect(expiredAt).toBe(due);
      }
      expect([deadlines.size(), clock.timersWaiting()]).toEqual([0, 0]);
    }),
    propertyRuns(100),
  );
});
