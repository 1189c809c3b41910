import type { LoadResult } from "../../bench/load-plan.ts";
import type { Sample } from "../../bench/measure-load.ts";

const NOTHING = { p50: undefined, p99: undefined, samples: 0 };

/** What a test says of a run; the rest is as of a run of a thousand requests within a second. */
export interface SampleParts {
  readonly target: string;
  readonly repeat?: number;
  readonly scenario?: string;
  readonly cpuMicroseconds?: number;
  readonly shares?: Partial<Pick<Sample, "generatorShare" | "mockShare" | "othersShare">>;
  readonly load?: Partial<LoadResult>;
}

/** A run of a load as the bench's own measuring would give it. */
export function sample({ target, repeat = 1, scenario = "alone", cpuMicroseconds, shares, load }: SampleParts): Sample {
  return {
    scenario,
    target,
    repeat,
    cpuMicroseconds,
    generatorShare: undefined,
    mockShare: undefined,
    othersShare: undefined,
    ...shares,
    load: {
      requests: 1000,
      errors: 0,
      reasons: [],
      seconds: 1,
      events: 0,
      latency: NOTHING,
      firstEvent: NOTHING,
      gap: NOTHING,
      lateness: NOTHING,
      ...load,
    },
  };
}
