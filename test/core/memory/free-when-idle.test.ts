import { expect, test } from "bun:test";
import {
  freeWhenIdle,
  IDLE_CPU_US,
  IDLE_LOOKS,
  LOOK_MS,
  NOTICEABLE_CPU_US,
} from "../../../src/core/memory/free-when-idle.ts";

/** A process whose CPU time the test sets; `look` lets time pass until it is looked at. */
function setUp(startUs: number) {
  const timers: (() => void)[] = [];
  const rig = {
    cpuUs: startUs,
    freed: 0,
    look(times = 1) {
      for (let each = 0; each < times; each++) {
        expect(timers).toHaveLength(1);
        timers.shift()?.();
      }
    },
  };
  freeWhenIdle({
    timers: {
      setTimer(callback, delayMs) {
        expect(delayMs).toBe(LOOK_MS);
        return timers.push(callback);
      },
    },
    usedCpu: () => rig.cpuUs,
    free() {
      rig.freed += 1;
      // To free costs time as well, which is no work.
      rig.cpuUs += NOTICEABLE_CPU_US * 2;
    },
  });
  return rig;
}

test("what the start has left is freed at the first look that finds the process idle, once", () => {
  const rig = setUp(NOTICEABLE_CPU_US);
  rig.cpuUs += IDLE_CPU_US + 1;
  rig.look();
  expect(rig.freed).toBe(0);
  rig.cpuUs += IDLE_CPU_US;
  rig.look();
  expect(rig.freed).toBe(1);
  rig.look(IDLE_LOOKS * 3);
  expect(rig.freed).toBe(1);
});

test("under load nothing is freed, and after it once, when it has been idle for long enough", () => {
  const rig = setUp(NOTICEABLE_CPU_US);
  rig.look();
  for (let each = 0; each < 100; each++) {
    rig.cpuUs += IDLE_CPU_US + 1;
    rig.look();
  }
  expect(rig.freed).toBe(1);
  rig.look(IDLE_LOOKS - 1);
  // A few requests in between: idle begins anew.
  rig.cpuUs += IDLE_CPU_US + 1;
  rig.look(IDLE_LOOKS);
  expect(rig.freed).toBe(1);
  rig.look();
  expect(rig.freed).toBe(2);
  rig.look(IDLE_LOOKS * 3);
  expect(rig.freed).toBe(2);
});

test("what a few requests now and then leave is freed when it has become noticeable", () => {
  const rig = setUp(NOTICEABLE_CPU_US);
  rig.look();
  const few = NOTICEABLE_CPU_US / 20;
  for (let each = 0; each < 19; each++) {
    rig.cpuUs += few;
    rig.look();
  }
  expect(rig.freed).toBe(1);
  rig.cpuUs += few;
  rig.look();
  expect(rig.freed).toBe(2);
});
