import { describe, expect, test } from "bun:test";
import { createStallTolerantTimers } from "../../src/core/stall-tolerant-timers.ts";

/** A process whose event loop is busy when a test says so: what falls due meanwhile is done at the end of the turn. */
function createLoop() {
  const waiting = new Set<{ readonly at: number; readonly callback: () => void }>();
  let time = 1000;
  const run = (): void => {
    for (const timer of [...waiting]) if (timer.at <= time && waiting.delete(timer)) timer.callback();
  };
  return {
    timers: {
      now: () => time,
      setTimer(callback: () => void, delayMs: number) {
        const timer = { at: time + delayMs, callback };
        waiting.add(timer);
        return timer;
      },
      clearTimer: (timer: unknown) => void waiting.delete(timer as { at: number; callback: () => void }),
    },
    waiting,
    /** One turn that takes so long. */
    turn(milliseconds: number): void {
      time += milliseconds;
      run();
    },
    /** So long in which nothing else is done. */
    idle(milliseconds: number): void {
      for (let passed = 0; passed < milliseconds; passed += 1) {
        time += 1;
        run();
      }
    },
  };
}

describe("timers that count only the time in which the process could hear", () => {
  test("are like others if it is idle", () => {
    const loop = createLoop();
    const free = createStallTolerantTimers(loop.timers);
    const done: number[] = [];
    for (const delay of [0, 3, 20, 250]) free.setTimer(() => void done.push(delay), delay);
    const cleared = free.setTimer(() => void done.push(-1), 10);
    free.clearTimer(cleared);
    loop.idle(19);
    expect(done).toEqual([0, 3]);
    loop.idle(1);
    expect(done).toEqual([0, 3, 20]);
    loop.idle(229);
    expect(done).toEqual([0, 3, 20]);
    loop.idle(1);
    expect([done, loop.waiting.size]).toEqual([[0, 3, 20, 250], 0]);
  });

  test("do not end by a busy turn, however long, and when they do the sockets were looked at after it", () => {
    const loop = createLoop();
    const free = createStallTolerantTimers(loop.timers);
    let isDone = false;
    free.setTimer(() => void (isDone = true), 5);
    loop.turn(10_000);
    expect(isDone).toBe(false);
    loop.turn(0);
    expect(isDone).toBe(true);
    isDone = false;
    free.setTimer(() => void (isDone = true), 20);
    loop.turn(500);
    loop.turn(0);
    expect(isDone).toBe(false);
    loop.turn(500);
    expect(isDone).toBe(false);
    loop.turn(0);
    expect(isDone).toBe(true);
  });

  test("end although the process is busy all the time", () => {
    const loop = createLoop();
    const free = createStallTolerantTimers(loop.timers);
    let isDone = false;
    free.setTimer(() => void (isDone = true), 250);
    let turns = 0;
    for (; !isDone && turns < 1000; turns += 1) loop.turn(100);
    expect([turns >= 25, turns <= 60]).toEqual([true, true]);
  });

  test("stand still, and cost nothing, while nobody waits", () => {
    const loop = createLoop();
    const free = createStallTolerantTimers(loop.timers);
    const before = free.now();
    loop.idle(100);
    expect([free.now(), loop.waiting.size]).toEqual([before, 0]);
    free.clearTimer(free.setTimer(() => {}, 100));
    expect(loop.waiting.size).toBe(0);
  });
});
