import { expect, test } from "bun:test";
import { othersShare, parseMachineTicks } from "../../bench/machine.ts";

const STAT = "cpu  100 10 50 800 30 1 2 7 40 4\ncpu0 50 5 25 400 15 0 1 3 20 2\n";

test("guests are counted once, and waiting is idle", () => {
  expect(parseMachineTicks(STAT)).toEqual({ busy: 170, all: 1000 });
});

test("what the own processes used is not others' doing", () => {
  const before = { busy: 100, all: 1000 };
  const after = { busy: 250, all: 1200 };
  // 75 % of two cores over a second; 1 s of it our own.
  expect(othersShare(before, after, 1_000_000, 2, 1)).toBeCloseTo(0.25);
  expect(othersShare(before, after, 2_000_000, 2, 1)).toBe(0);
});

test("nothing is said where the kernel tells nothing, or no time has passed", () => {
  expect(othersShare(undefined, undefined, 0, 2, 1)).toBeUndefined();
  expect(othersShare({ busy: 1, all: 2 }, { busy: 1, all: 2 }, 0, 2, 1)).toBeUndefined();
});
