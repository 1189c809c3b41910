import type { Sample } from "./measure-load.ts";
import { compareRepeats, cpuPerUnit, cpuRatios, type Unit, unitsOf } from "./sample-ratios.ts";
import type { Scenario } from "./scenarios.ts";
import { median, spreadShare } from "./statistics.ts";

/** What the runs of one load against one target come to: medians over the repeats, durations in milliseconds. */
export interface LoadRow {
  readonly scenario: string;
  readonly target: string;
  readonly unit: Unit;
  /** Requests or events a second. */
  readonly perSecond: number | undefined;
  readonly p50: number | undefined;
  readonly p99: number | undefined;
  readonly firstEventP50: number | undefined;
  readonly firstEventP99: number | undefined;
  readonly gapP50: number | undefined;
  readonly gapP99: number | undefined;
  /** How much later than planned the last hundredth of the requests was sent; `undefined` in a closed loop. */
  readonly latenessP99: number | undefined;
  /** CPU time of the whole process tree for one request or event, in microseconds. */
  readonly cpuMicroseconds: number | undefined;
  /** Half the distance between the least and the greatest CPU time of the repeats, as a share of their median. */
  readonly cpuSpread: number | undefined;
  /** CPU time as a multiple of another target's in the same repeat. */
  readonly toNginx: number | undefined;
  readonly toBare: number | undefined;
  readonly toBareJson: number | undefined;
  /** Latency above nginx's in the same repeat, for an event stream that of the first event. */
  readonly addedMilliseconds: number | undefined;
  readonly addedMillisecondsP99: number | undefined;
  /** The same above the mock's own, asked without anything between. */
  readonly addedToDirect: number | undefined;
  readonly addedToDirectP99: number | undefined;
  readonly errors: number;
  readonly reasons: readonly string[];
  /** Shares of one core that the generator and the mock used. */
  readonly generatorShare: number | undefined;
  readonly mockShare: number | undefined;
  /** Share of all cores that everything but target, generator and mock used. */
  readonly othersShare: number | undefined;
}

/** Puts the runs of one load together, a row for each target that was run. */
export function summariseLoad(scenario: Scenario, targets: readonly string[], all: readonly Sample[]): LoadRow[] {
  const samples = all.filter((sample) => sample.scenario === scenario.name);
  const { unit } = scenario;
  const delay = ({ load }: Sample, point: "p50" | "p99"): number =>
    (unit === "event" ? load.firstEvent : load.latency)[point] ?? NaN;
  const added = (target: string, other: string, point: "p50" | "p99"): number | undefined =>
    median(compareRepeats(samples, target, other, (left, right) => delay(left, point) - delay(right, point)));
  const ratio = (target: string, other: string): number | undefined => median(cpuRatios(samples, target, other, unit));
  return targets.flatMap((target) => {
    const own = samples.filter((sample) => sample.target === target);
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
      latenessP99: middle(({ load }) => load.lateness.p99),
      cpuMicroseconds: middle((sample) => cpuPerUnit(sample, unit)),
      cpuSpread: spreadShare(own.map((sample) => cpuPerUnit(sample, unit))),
      toNginx: ratio(target, "nginx"),
      toBare: ratio(target, "bare"),
      toBareJson: ratio(target, "bare-json"),
      addedMilliseconds: added(target, "nginx", "p50"),
      addedMillisecondsP99: added(target, "nginx", "p99"),
      addedToDirect: added(target, "direct", "p50"),
      addedToDirectP99: added(target, "direct", "p99"),
      errors: own.reduce((sum, { load }) => sum + load.errors, 0),
      reasons: [...new Set(own.flatMap(({ load }) => load.reasons))],
      generatorShare: middle((sample) => sample.generatorShare),
      mockShare: middle((sample) => sample.mockShare),
      othersShare: middle((sample) => sample.othersShare),
    };
  });
}
