import type { FeatureRow } from "./feature-summary.ts";
import type { Headroom } from "./headroom.ts";
import type { Sample } from "./measure-load.ts";
import type { ProcessSample } from "./measure-process.ts";
import type { ProcessRow } from "./process-summary.ts";
import type { LoadRow } from "./summary.ts";

/** What `--json` writes: the settings of a run, what came of it, and every single run. */
export interface BenchResult {
  readonly machine: string;
  readonly settings: {
    readonly quick: boolean;
    readonly repeats: number;
    readonly seconds: number;
    readonly openStreams: number;
  };
  readonly summary: {
    readonly loads: readonly LoadRow[];
    readonly features: readonly FeatureRow[];
    readonly processes: readonly ProcessRow[];
    readonly headroom: readonly Headroom[];
  };
  readonly samples: readonly Sample[];
  readonly featureSamples: readonly Sample[];
  readonly starts: readonly ProcessSample[];
}

/** Reads what `--json` wrote. Throws where it is something else. */
export function parseResult(text: string): BenchResult {
  const value = JSON.parse(text) as Partial<BenchResult> | null;
  const { loads, features, processes, headroom } = value?.summary ?? {};
  if (value?.settings === undefined || !loads || !features || !processes || !headroom) {
    throw new Error("this is no result of the bench; `bun run bench --json FILE` writes one");
  }
  return value as BenchResult;
}
