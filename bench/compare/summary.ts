import type { LoadResult } from "../load/plan.ts";
import type { ProcessSample } from "../measure/process-sample.ts";
import type { Sample } from "../measure/sample.ts";
import { median } from "../measure/statistics.ts";
import type { Target } from "../targets/target.ts";
import { FEATURES, PLAIN_NAME } from "./features.ts";
import type { Scenario, Unit } from "./scenarios.ts";

const unitsOf = ({ load }: Sample, unit: Unit): number => (unit === "event" ? load.events : load.requests);

/** CPU time of the target for one request or event, in microseconds. */
const cpuPerUnit = (sample: Sample, unit: Unit): number => sample.cpuMicroseconds / unitsOf(sample, unit);

/**
 * What comparing two targets repeat by repeat gives, of those in which both ran: what disturbs the machine for seconds disturbs
 * neighbours alike.
 */
function compareRepeats(
  samples: readonly Sample[],
  target: string,
  other: string,
  compare: (left: Sample, right: Sample) => number,
): readonly number[] {
  const others = new Map(samples.filter((one) => one.target === other).map((one) => [one.repeat, one]));
  const compared = samples.flatMap((left) => {
    const right = left.target === target ? others.get(left.repeat) : undefined;
    return right ? compare(left, right) : [];
  });
  return compared.filter(Number.isFinite);
}

/** The CPU time of one target as a multiple of another's, in each repeat. */
const cpuRatios = (samples: readonly Sample[], target: string, other: string, unit: Unit): readonly number[] =>
  compareRepeats(samples, target, other, (left, right) => cpuPerUnit(left, unit) / cpuPerUnit(right, unit));

/** The least and the greatest; `undefined` for fewer than two. */
const rangeOf = (values: readonly number[]): readonly [number, number] | undefined =>
  values.length < 2 ? undefined : [Math.min(...values), Math.max(...values)];

const failuresOf = (samples: readonly Sample[]) => ({
  errors: samples.reduce((sum, { load }) => sum + load.errors, 0),
  reasons: [...new Set(samples.flatMap(({ load }) => load.reasons))],
});

/** What the runs of one load against one target come to: medians over the repeats, durations in milliseconds. */
function summariseTarget({ name, unit }: Scenario, target: string, samples: readonly Sample[]) {
  const own = samples.filter((sample) => sample.target === target);
  const middle = (pick: (sample: Sample) => number) => median(own.map(pick));
  const total = (pick: (load: LoadResult) => number) => own.reduce((sum, { load }) => sum + pick(load), 0);
  const [toNginx, toBare] = ["nginx", "bare"].map((other) => cpuRatios(samples, target, other, unit));
  const delay = ({ load }: Sample, point: "p50" | "p99"): number =>
    (unit === "event" ? load.firstEvent : load.latency)[point] ?? NaN;
  const added = (point: "p50" | "p99") =>
    median(compareRepeats(samples, target, "direct", (left, right) => delay(left, point) - delay(right, point)));
  return {
    scenario: name,
    target,
    unit,
    /** Requests or events. */
    perSecond: middle((sample) => unitsOf(sample, unit) / sample.load.seconds),
    cpuMicroseconds: middle((sample) => cpuPerUnit(sample, unit)),
    toNginx: median(toNginx ?? []),
    nginxRange: rangeOf(toNginx ?? []),
    toBare: median(toBare ?? []),
    bareRange: rangeOf(toBare ?? []),
    /** By how much p50 and p99, of a stream until its first event, are above those of the mock, asked without anything between. */
    addedToDirect: added("p50"),
    addedToDirectP99: added("p99"),
    /** Shares of one core that the generator and the mock used: near 1, they were the limit. */
    generatorShare: middle((sample) => sample.generatorShare),
    mockShare: middle((sample) => sample.mockShare),
    /** The most that it was resident with after a run. */
    residentBytes: Math.max(...own.map((sample) => sample.residentBytes)),
    missing: total(({ missing }) => missing),
    /** As a share of all events. */
    mergedShare: total(({ merged }) => merged) / total(({ events }) => events),
    ...failuresOf(own),
  };
}
export type LoadRow = ReturnType<typeof summariseTarget>;

/** Puts the runs of one load together, a row for each target that was run. */
export function summariseLoad(scenario: Scenario, targets: readonly string[], all: readonly Sample[]): LoadRow[] {
  const samples = all.filter((sample) => sample.scenario === scenario.name);
  const ran = targets.filter((target) => samples.some((sample) => sample.target === target));
  return ran.map((target) => summariseTarget(scenario, target, samples));
}

/** What each feature costs, a member of `costs` for each load; the plain gateway is the first row. */
export function summariseFeatures(scenarios: readonly Scenario[], samples: readonly Sample[]) {
  const rows = Object.entries(FEATURES).map(([feature, title]) => {
    const isOwn = ({ target }: Sample): boolean => target === feature;
    const costs = scenarios.map(({ name, unit }) => {
      const ofLoad = samples.filter(({ scenario }) => scenario === name);
      const cpuMicroseconds = median(ofLoad.filter(isOwn).map((one) => cpuPerUnit(one, unit)));
      /** CPU time as a multiple of the plain gateway's. */
      const toPlain = median(cpuRatios(ofLoad, feature, PLAIN_NAME, unit));
      return { scenario: name, cpuMicroseconds, toPlain };
    });
    return { feature, title, costs, ...failuresOf(samples.filter(isOwn)) };
  });
  return rows.filter(({ feature }) => samples.some(({ target }) => target === feature));
}
export type FeatureRow = ReturnType<typeof summariseFeatures>[number];

/** Start-up and memory of each target that was started. */
export function summariseProcess(targets: readonly Target[], all: readonly ProcessSample[]) {
  const started = targets.filter(({ name }) => all.some(({ target }) => target === name));
  return started.map(({ name, binaryBytes }) => {
    const own = all.filter(({ target }) => target === name);
    const middle = (pick: (sample: ProcessSample) => number | undefined) => median(own.map(pick));
    return {
      target: name,
      startMilliseconds: middle((sample) => sample.startMilliseconds),
      idleBytes: middle(({ memory }) => memory?.idleBytes),
      bytesPerStream: middle(({ memory }) => memory && (memory.openBytes - memory.warmBytes) / memory.openStreams),
      binaryBytes,
    };
  });
}
export type ProcessRow = ReturnType<typeof summariseProcess>[number];

/** What a run came to: what `--json` writes beside every single run, and what is kept of it. */
export interface BenchSummary {
  readonly machine: string;
  /** As `2026-01-31`. */
  readonly date?: string | undefined;
  /** By the names of targets. */
  readonly versions?: Readonly<Record<string, string>> | undefined;
  readonly settings: { readonly repeats: number; readonly seconds: number; readonly openStreams: number };
  readonly summary: {
    readonly loads: readonly LoadRow[];
    readonly features: readonly FeatureRow[];
    readonly processes: readonly ProcessRow[];
  };
}

/** Reads what `--json` wrote, or what is kept of it. Throws if it is something else. */
export function parseResult(text: string): BenchSummary {
  const value = JSON.parse(text) as Partial<BenchSummary> | null;
  const { loads, features, processes } = value?.summary ?? {};
  if (value?.settings === undefined || !loads || !features || !processes) {
    throw new Error("this is no result of the bench; `bun run bench --json FILE` writes one");
  }
  return value as BenchSummary;
}
