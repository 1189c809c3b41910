import type { PlannedFault } from "../../test/fixtures/fault-plan.ts";
import type { PlanReport } from "../../test/fixtures/flaky-providers.ts";
import { median, spread } from "../measure/statistics.ts";
import { type Finding, figure, table } from "../report/table.ts";
import { describeFaults } from "./judge.ts";
import type { SteadyRequest } from "./steady-requests.ts";

/** What one phase of the chaos saw. */
export interface ChaosPhase extends PlanReport {
  readonly name: string;
  readonly requests: readonly SteadyRequest[];
}

/** What has to be answered well while providers are bad. */
const LEAST_SHARE = 0.999;

/**
 * How long requests still went to a provider after its fault began: until the last that arrived before it was let alone.
 * @param attempts when requests arrived at each provider
 * @param aloneMs nobody asks a provider for that long only if its circuit is open
 * @returns undefined if none arrived, as at a closed port
 */
export function failOverMs(
  { provider, fromMs, toMs }: PlannedFault,
  attempts: PlanReport["attempts"],
  aloneMs: number,
): number | undefined {
  const during = (attempts[provider] ?? []).filter((at) => at >= fromMs && at <= toMs);
  const last = during.find((at, index) => (during[index + 1] ?? Infinity) - at > aloneMs);
  return last === undefined ? undefined : last - fromMs;
}

/** Median and 99th percentile of the durations of one kind of requests, in milliseconds. */
const durations = ({ requests }: ChaosPhase, kind: string) =>
  spread(requests.filter((request) => request.kind === kind).map(({ milliseconds }) => milliseconds));

const wellShare = ({ requests }: ChaosPhase): number =>
  requests.filter(({ fault }) => fault === undefined).length / requests.length;

/** A row for each phase. */
export function phaseTable(phases: readonly ChaosPhase[]): string {
  const times = (phase: ChaosPhase, kind: string): string =>
    Object.values(durations(phase, kind))
      .map((value: number | undefined) => figure(value, 0))
      .join(" / ");
  return table(phases, [
    ["phase", ({ name }) => name],
    ["requests", ({ requests }) => String(requests.length)],
    ["answered well", (phase) => figure(wellShare(phase) * 100, 2, " %")],
    ["whole, p50 / p99 ms", (phase) => times(phase, "whole")],
    ["stream, p50 / p99 ms", (phase) => times(phase, "stream")],
    ["attempts per request", ({ requests, attempts }) => figure(attempts.flat().length / requests.length, 3)],
    ["sent to each", ({ attempts }) => attempts.map(({ length }) => length).join(" ")],
  ]);
}

/** A row for each kind of fault, of all phases. */
export function faultTable(phases: readonly ChaosPhase[], aloneMs: number): string {
  const seen = phases.flatMap(({ faults, attempts }) =>
    faults.map((one) => ({ fault: one.fault, ms: failOverMs(one, attempts, aloneMs) })),
  );
  return table(
    [...Map.groupBy(seen, ({ fault }) => fault)],
    [
      ["fault", ([fault]) => fault],
      ["times", ([, all]) => String(all.length)],
      ["ms to fail over, median", ([, all]) => figure(median(all.map(({ ms }) => ms)), 0)],
      ["most", ([, all]) => figure(Math.max(...all.map(({ ms }) => ms ?? -Infinity)), 0)],
    ],
  );
}

/** Judges the phases: without faults, with faults that can be saved, with those that cannot. */
export function judgeChaos([quiet, chaos, late]: readonly [ChaosPhase, ChaosPhase, ChaosPhase]): readonly Finding[] {
  const share = wellShare(chaos);
  const added = ["whole", "stream"].map((kind) => {
    const more = (durations(chaos, kind).p99 ?? NaN) - (durations(quiet, kind).p99 ?? NaN);
    return `${figure(more, 0)} ms to the p99 of ${kind === "whole" ? "whole answers" : "streams"}`;
  });
  return [
    { holds: wellShare(quiet) === 1, text: `quiet: all is answered well${describeFaults(quiet.requests)}` },
    {
      holds: share >= LEAST_SHARE,
      text: `chaos: ${figure(share * 100, 2, " %")} is answered well, has to be ${figure(LEAST_SHARE * 100, 1, " %")}${describeFaults(chaos.requests)}`,
    },
    { holds: true, text: `chaos adds ${added.join(", ")}` },
    { holds: true, text: `cut after content, which nobody can save${describeFaults(late.requests)}` },
  ];
}
