import { expect, test } from "bun:test";
import { RetryBudget } from "../../../src/routing/health/retry-budget.ts";

/** How many further attempts may be made at that moment. */
function roomAt(budget: RetryBudget, now: number): number {
  let taken = 0;
  while (taken < 1000 && budget.hasRoom(now)) {
    budget.take(now);
    taken += 1;
  }
  return taken;
}

test("three a second, whoever asks", () => {
  const budget = new RetryBudget();
  expect([roomAt(budget, 1000), roomAt(budget, 1999), roomAt(budget, 2000)]).toEqual([3, 0, 3]);
});

test("a fifth of the requests of the last ten seconds", () => {
  const budget = new RetryBudget();
  for (let number = 0; number < 500; number++) budget.request(50_000);
  expect(roomAt(budget, 50_500)).toBe(100);
  expect(roomAt(budget, 59_999)).toBe(3);
  // What was ten seconds ago is forgotten.
  expect(roomAt(budget, 60_000)).toBe(3);
});

test("of the last ten seconds only", () => {
  const budget = new RetryBudget();
  for (let number = 0; number < 500; number++) budget.request(50_000);
  expect(roomAt(budget, 200_000)).toBe(3);
});
