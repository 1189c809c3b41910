import { expect, test } from "bun:test";
import {
  collectWhenQuiet,
  LOAD_CPU_US,
  LOOK_EVERY_MS,
  QUIET_CPU_US,
} from "../../../src/core/memory/collect-when-quiet.ts";

/** A process that is looked at, and how often its garbage was collected. */
function setUp() {
  let due: (() => void) | undefined;
  let cpuUs = 500_000;
  let collections = 0;
  collectWhenQuiet({
    timers: {
      setTimer(callback, delayMs) {
        expect([delayMs, due]).toEqual([LOOK_EVERY_MS, undefined]);
        due = callback;
      },
    },
    usedCpu: () => cpuUs,
    collect() {
      collections += 1;
      // It takes some itself, which is no load.
      cpuUs += LOAD_CPU_US;
    },
  });
  return {
    /** How often was collected by the next look if so much CPU is used until then. */
    after(usedUs: number): number {
      cpuUs += usedUs;
      const look = due;
      due = undefined;
      look?.();
      return collections;
    },
  };
}

test("once after a load, when it is over", () => {
  const { after } = setUp();
  expect([after(LOAD_CPU_US), after(LOAD_CPU_US), after(QUIET_CPU_US), after(0), after(0)]).toEqual([0, 0, 1, 1, 1]);
});

test("again after the next load, and only then", () => {
  const { after } = setUp();
  const looks = [LOAD_CPU_US, 0, QUIET_CPU_US, 0, LOAD_CPU_US, 0, 0];
  expect(looks.map(after)).toEqual([0, 1, 1, 1, 1, 2, 2]);
});

test("after a little for a long time, too", () => {
  const { after } = setUp();
  const looks = Array.from({ length: LOAD_CPU_US / QUIET_CPU_US }, () => after(QUIET_CPU_US));
  expect(looks).toEqual([0, 0, 0, 1]);
});

test("never without a load", () => {
  const { after } = setUp();
  expect([after(0), after(QUIET_CPU_US), after(0), after(0)]).toEqual([0, 0, 0, 0]);
});
