import { failOverMs, type PlanReport } from "../../test/fixtures/flaky-providers.ts";
import { median } from "../measure/statistics.ts";
import { type Finding, figure, finding, table } from "../report/table.ts";
import { describeFaults } from "./judge.ts";
import { durations, type SteadyRequest } from "./steady-requests.ts";

/** What one phase of the chaos saw. */
export interface ChaosPhase extends PlanReport {
  readonly name: string;
  readonly requests: readonly SteadyRequest[];
}

/** What has to be answered well while providers are bad. */
const LEAST_SHARE = 0.999;

const wellShare = ({ requests }: ChaosPhase): number =>
  requests.filter(({ fault }) => fault === undefined).length / requests.length;

/** Rounded down, so that what is below a bound looks so. */
const percent = (share: number): string => figure(Math.floor(share * 1e5) / 1e3, 3, " %");

/** A row for each phase. */
export function phaseTable(phases: readonly ChaosPhase[]): string {
  const times = ({ requests }: ChaosPhase, kind: string): string =>
    durations(requests, kind, [0.5, 0.99])
      .map((ms) => figure(ms, 0))
      .join(" / ");
  return table(phases, [
    ["phase", ({ name }) => name],
    ["requests", ({ requests }) => String(requests.length)],
    ["answered well", (phase) => percent(wellShare(phase))],
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
  const p99 = ({ requests }: ChaosPhase, kind: string): number => durations(requests, kind, [0.99])[0] ?? NaN;
  const added = (kind: string): string => `${figure(p99(chaos, kind) - p99(quiet, kind), 0)} ms`;
  return [
    finding(wellShare(quiet) === 1, `quiet: all is answered well${describeFaults(quiet.requests)}`),
    finding(
      share >= LEAST_SHARE,
      `chaos: ${percent(share)} is answered well, has to be ${percent(LEAST_SHARE)}${describeFaults(chaos.requests)}`,
    ),
    finding(true, `chaos adds to the p99 of whole answers ${added("whole")}, of streams ${added("stream")}`),
    finding(true, `cut after content, which nobody can save${describeFaults(late.requests)}`),
  ];
}
