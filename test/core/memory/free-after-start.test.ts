import { expect, test } from "bun:test";
import { freeAfterStart, IDLE_CPU_US, LOOK_MS } from "../../../src/core/memory/free-after-start.ts";

/** How often memory is freed if a process that has just started uses so much CPU until it is looked at. */
function freedAfter(usedUs: number): number {
  const startUs = 500_000;
  const timers: (() => void)[] = [];
  let cpuUs = startUs;
  let freed = 0;
  freeAfterStart({
    timers: {
      setTimer(callback, delayMs) {
        expect(delayMs).toBe(LOOK_MS);
        return timers.push(callback);
      },
    },
    usedCpu: () => cpuUs,
    free: () => void (freed += 1),
  });
  expect(freed).toBe(0);
  cpuUs += usedUs;
  // Nothing else is waited for, whatever is found.
  for (let timer = timers.shift(); timer; timer = timers.shift()) timer();
  return freed;
}

test("what the start has left is freed, once, if the process is idle then", () => {
  expect(freedAfter(IDLE_CPU_US)).toBe(1);
});

test("nothing is freed if there is a load, which needs what is compiled", () => {
  expect(freedAfter(IDLE_CPU_US + 1)).toBe(0);
});
