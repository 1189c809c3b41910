import type { LoadResult } from "../../bench/load/plan.ts";
import type { Sample } from "../../bench/measure/sample.ts";

const NOTHING = { p50: undefined, p99: undefined };

/** What a test says of a run; the rest is as of a run of a thousand requests within a second. */
export interface SampleParts {
  readonly target: string;
  readonly repeat?: number;
  readonly scenario?: string;
  readonly cpuMicroseconds?: number;
  readonly residentBytes?: number;
  readonly shares?: Partial<Pick<Sample, "generatorShare" | "mockShare">>;
  readonly load?: Partial<LoadResult>;
}

/** A run of a load as the bench's own measuring would give it. */
export function sample({
  target,
  repeat = 1,
  scenario = "alone",
  cpuMicroseconds,
  residentBytes,
  shares,
  load,
}: SampleParts): Sample {
  return {
    scenario,
    target,
    repeat,
    cpuMicroseconds: cpuMicroseconds ?? NaN,
    residentBytes: residentBytes ?? NaN,
    generatorShare: NaN,
    mockShare: NaN,
    ...shares,
    load: {
      requests: 1000,
      errors: 0,
      reasons: [],
      seconds: 1,
      events: 0,
      missing: 0,
      merged: 0,
      latency: NOTHING,
      firstEvent: NOTHING,
      ...load,
    },
  };
}
