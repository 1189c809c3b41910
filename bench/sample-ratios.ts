import type { Sample } from "./measure-load.ts";

/** What CPU time is told for. */
export type Unit = "request" | "event";

/** How many requests or events a run had. */
export function unitsOf({ load }: Sample, unit: Unit): number {
  return unit === "event" ? load.events : load.requests;
}

/** CPU time of the target for one request or event, in microseconds; `undefined` where it cannot be told. */
export function cpuPerUnit(sample: Sample, unit: Unit): number | undefined {
  const units = unitsOf(sample, unit);
  return sample.cpuMicroseconds === undefined || units === 0 ? undefined : sample.cpuMicroseconds / units;
}

/**
 * Compares two targets repeat by repeat: what disturbs the machine for seconds disturbs neighbours alike.
 * @param samples runs of one load
 * @returns one value for each repeat in which both ran
 */
export function compareRepeats<T>(
  samples: readonly Sample[],
  target: string,
  other: string,
  compare: (left: Sample, right: Sample) => T,
): T[] {
  return samples
    .filter((sample) => sample.target === target)
    .flatMap((left) => {
      const right = samples.find((sample) => sample.target === other && sample.repeat === left.repeat);
      return right === undefined ? [] : [compare(left, right)];
    });
}

/** The CPU time of one target as a multiple of another's, one value for each repeat; those that cannot be told are left out. */
export function cpuRatios(samples: readonly Sample[], target: string, other: string, unit: Unit): number[] {
  return compareRepeats(
    samples,
    target,
    other,
    (left, right) => (cpuPerUnit(left, unit) ?? NaN) / (cpuPerUnit(right, unit) ?? NaN),
  ).filter(Number.isFinite);
}
