import { expect, test } from "bun:test";
import { createBudget } from "../../bench/budget.ts";

/** How many of `times` repeats of `length` seconds are run, where `spent` seconds have passed before. */
async function repeatsWithin(seconds: number, times: number, length: number, spent = 0): Promise<number> {
  let now = spent;
  const indexes: number[] = [];
  await createBudget(seconds, () => now).repeat(times, 0.5, async (index) => {
    indexes.push(index);
    now += length;
  });
  expect(indexes).toEqual(indexes.map((_, index) => index));
  return indexes.length;
}

test("a repeat that would end too late is not begun", async () => {
  expect(await repeatsWithin(100, 10, 20)).toBe(2);
  expect(await repeatsWithin(100, 10, 25)).toBe(2);
});

test("the first is always run", async () => {
  expect(await repeatsWithin(100, 10, 20, 300)).toBe(1);
});

test("without a limit all are run", async () => {
  expect(await repeatsWithin(Infinity, 10, 20)).toBe(10);
});
