import type { ProcessSample, Sample } from "./measure.ts";
import type { Scenario } from "./scenarios.ts";
import { median } from "./statistics.ts";
import type { Target } from "./targets.ts";

/** What the runs of one load against one target come to: medians over the repeats, durations in milliseconds. */
export interface LoadRow {
  readonly scenario: string;
  readonly target: string;
  readonly unit: "request" | "event";
  /** Requests or events a second. */
  readonly perSecond: number | undefined;
  readonly p50: number | undefined;
  readonly p99: number | undefined;
  readonly firstEventP50: number | undefined;
  readonly firstEventP99: number | undefined;
  readonly gapP50: number | undefined;
  readonly gapP99: number | undefined;
  /** CPU time of the whole process tree for one request or event, in microseconds. */
  readonly cpuMicroseconds: number | undefined;
  /** CPU time as a multiple of another target's in the same repeat. */
  readonly toNginx: number | undefined;
  readonly toBare: number | undefined;
  readonly toBareJson: number | undefined;
  /** Latency p50 above nginx's, for an event stream that of the first event. */
  readonly addedMilliseconds: number | undefined;
  readonly errors: number;
  readonly reasons: readonly string[];
  /** Shares of one core that the generator and the mock used. */
  readonly generatorShare: number | undefined;
  readonly mockShare: number | undefined;
}

/** Start-up and memory of one target. */
export interface ProcessRow {
  readonly target: string;
  readonly startMilliseconds: number | undefined;
  readonly idleBytes: number | undefined;
  readonly warmBytes: number | undefined;
  readonly openBytes: number | undefined;
  readonly openStreams: number;
  readonly bytesPerStream: number | undefined;
  readonly binaryBytes: number | undefined;
}

function unitsOf(sample: Sample, unit: "request" | "event"): number {
  return unit === "event" ? sample.load.events : sample.load.requests;
}

function cpuPerUnit(sample: Sample | undefined, unit: "request" | "event"): number | undefined {
  const units = sample === undefined ? 0 : unitsOf(sample, unit);
  return sample?.cpuMicroseconds === undefined || units === 0 ? undefined : sample.cpuMicroseconds / units;
}

/** Puts the runs of one load together, a row for each target that was run. */
export function summariseLoad(scenario: Scenario, targets: readonly string[], all: readonly Sample[]): LoadRow[] {
  const samples = all.filter((sample) => sample.scenario === scenario.name);
  const { unit } = scenario;
  const of = (target: string): readonly Sample[] => samples.filter((sample) => sample.target === target);
  // Compared repeat by repeat: what disturbs the machine for seconds disturbs neighbours alike.
  const compared = <T>(target: string, other: string, by: (left: Sample, right: Sample) => T): T[] =>
    of(target).flatMap((left) => {
      const right = of(other).find((sample) => sample.repeat === left.repeat);
      return right === undefined ? [] : [by(left, right)];
    });
  const ratio = (target: string, other: string): number | undefined =>
    median(
      compared(target, other, (left, right) => (cpuPerUnit(left, unit) ?? NaN) / (cpuPerUnit(right, unit) ?? NaN)),
    );
  const delay = ({ load }: Sample): number => (unit === "event" ? load.firstEvent.p50 : load.latency.p50) ?? NaN;
  return targets.flatMap((target) => {
    const own = of(target);
    if (own.length === 0) return [];
    const middle = (pick: (sample: Sample) => number | undefined): number | undefined => median(own.map(pick));
    return {
      scenario: scenario.name,
      target,
      unit,
      perSecond: middle((sample) => unitsOf(sample, unit) / sample.load.seconds),
      p50: middle(({ load }) => load.latency.p50),
      p99: middle(({ load }) => load.latency.p99),
      firstEventP50: middle(({ load }) => load.firstEvent.p50),
      firstEventP99: middle(({ load }) => load.firstEvent.p99),
      gapP50: middle(({ load }) => load.gap.p50),
      gapP99: middle(({ load }) => load.gap.p99),
      cpuMicroseconds: middle((sample) => cpuPerUnit(sample, unit)),
      toNginx: ratio(target, "nginx"),
      toBare: ratio(target, "bare"),
      toBareJson: ratio(target, "bare-json"),
      addedMilliseconds: median(compared(target, "nginx", (left, right) => delay(left) - delay(right))),
      errors: own.reduce((sum, { load }) => sum + load.errors, 0),
      reasons: [...new Set(own.flatMap(({ load }) => load.reasons))],
      generatorShare: middle((sample) => sample.generatorShare),
      mockShare: middle((sample) => sample.mockShare),
    };
  });
}

/** Puts the starts of each target together. */
export function summariseProcess(targets: readonly Target[], all: readonly ProcessSample[]): ProcessRow[] {
  return targets.flatMap(({ name, binaryBytes }) => {
    const own = all.filter(({ target }) => target === name);
    if (own.length === 0) return [];
    const warmBytes = median(own.map((sample) => sample.warmBytes));
    const openBytes = median(own.map((sample) => sample.openBytes));
    const openStreams = median(own.map((sample) => sample.openStreams)) ?? 0;
    return {
      target: name,
      startMilliseconds: median(own.map((sample) => sample.startMilliseconds)),
      idleBytes: median(own.map((sample) => sample.idleBytes)),
      warmBytes,
      openBytes,
      openStreams,
      bytesPerStream:
        warmBytes === undefined || openBytes === undefined || openStreams === 0
          ? undefined
          : (openBytes - warmBytes) / openStreams,
      binaryBytes,
    };
  });
}
