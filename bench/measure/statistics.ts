/**
 * The value below which `share` (0 to 1) of the samples lie, by nearest rank; `undefined` without samples.
 * @param sorted samples in ascending order
 */
export function percentile(sorted: ArrayLike<number>, share: number): number | undefined {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)];
}

const known = (values: Iterable<number | undefined>): number[] =>
  [...values].filter((value): value is number => Number.isFinite(value));

/** The middle of the values, the mean of the two middle ones for an even count; absent values and NaN are left out. */
export function median(values: Iterable<number | undefined>): number | undefined {
  const present = known(values).sort((left, right) => left - right);
  const upper = present[present.length >> 1];
  if (upper === undefined || present.length % 2 === 1) return upper;
  return (upper + (present[(present.length >> 1) - 1] ?? upper)) / 2;
}

/** Median and 99th percentile of a series of durations, in milliseconds. */
export interface Spread {
  readonly p50: number | undefined;
  readonly p99: number | undefined;
}

/** Takes median and 99th percentile of samples in any order. */
export function spread(samples: readonly number[]): Spread {
  const sorted = Float64Array.from(samples).sort();
  return { p50: percentile(sorted, 0.5), p99: percentile(sorted, 0.99) };
}
