import type { PushedPoint } from "./pushed-request.ts";

/** A bound that differs by no more than this part of it is the same: 0.01 × 2⁴ is not exactly 0.16. */
const TOLERANCE = 1e-9;

/** Above this a number is not exact any more. */
const MAX_NUMBER = Number.MAX_SAFE_INTEGER;

/** What is wrong with a number of a point; undefined if nothing is. */
export function findNumberFault(value: number, name: string): string | undefined {
  if (Number.isNaN(value)) return `${name} is not a number`;
  if (value < 0) return `${name} is negative`;
  return value > MAX_NUMBER ? `${name} is more than ${MAX_NUMBER}` : undefined;
}

/** What is wrong with the ranges of a histogram; undefined if nothing is. */
export function findRangeFault({ counts, bounds, value = 0, isTooLong }: PushedPoint): string | undefined {
  if (isTooLong) return "it has more ranges than are looked at";
  if (counts.length === 0) return bounds.length === 0 ? undefined : "it has bounds, but no counts";
  if (counts.length !== bounds.length + 1) return "it must have one count more than bounds";
  for (const [index, bound] of bounds.entries()) {
    // NaN is not above anything.
    if (!(index === 0 ? bound > Number.NEGATIVE_INFINITY : bound > (bounds[index - 1] as number))) {
      return "its bounds do not ascend";
    }
  }
  let total = 0;
  for (const count of counts) {
    const fault = Number.isInteger(count) ? findNumberFault(count, "a count") : "a count is not whole";
    if (fault !== undefined) return fault;
    total += count;
  }
  return total === value ? undefined : "its count is not the sum of its ranges";
}

/** Adds so many observations to the range of this number among the gateway's. */
export type AddToRange = (range: number, count: number) => void;

/**
 * Puts each range of a pushed histogram, whole, into the gateway's range that its upper end is in. With the same bounds that
 * is exact. With other bounds no observation is shown as less than it was, and as more at most by the length of the pushed
 * range and of the gateway's. None is lost, and none made up.
 * @param buckets the upper ends of the gateway's ranges but the last
 */
export function mergeRanges({ counts, bounds }: PushedPoint, buckets: readonly number[], add: AddToRange): void {
  let range = 0;
  for (const [index, count] of counts.entries()) {
    const upper = bounds[index] ?? Number.POSITIVE_INFINITY;
    while (range < buckets.length && (buckets[range] as number) * (1 + TOLERANCE) < upper) range += 1;
    if (count > 0) add(range, count);
  }
}

/** The range that a single value is in. */
export function rangeOf(value: number, buckets: readonly number[]): number {
  const found = buckets.findIndex((bucket) => value <= bucket);
  return found < 0 ? buckets.length : found;
}

/** What a histogram that does not say its sum is taken to have: the middles of its ranges; of the last, its lower end. */
export function estimateSum({ counts, bounds }: PushedPoint): number {
  let sum = 0;
  for (const [index, count] of counts.entries()) {
    const lower = Math.max(0, bounds[index - 1] ?? 0);
    const upper = Math.max(lower, bounds[index] ?? lower);
    sum += count * ((lower + upper) / 2);
  }
  return Number.isFinite(sum) ? Math.min(sum, MAX_NUMBER) : 0;
}
