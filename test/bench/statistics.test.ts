import { expect, test } from "bun:test";
import { median, percentile, spread } from "../../bench/measure/statistics.ts";

test("nothing has no median and no percentile", () => {
  expect(median([])).toBeUndefined();
  expect(median([undefined, NaN])).toBeUndefined();
  expect(percentile([], 0.5)).toBeUndefined();
});

test("the median is the middle value, or the mean of the two middle ones, whatever the order", () => {
  expect(median([10, 1, undefined, 2])).toBe(2);
  expect(median([4, 1, 3, 2])).toBe(2.5);
});

test("a percentile is the value by nearest rank", () => {
  const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);
  expect(spread(hundred)).toEqual({ p50: 50, p99: 99 });
  expect(percentile([7], 0.99)).toBe(7);
});
