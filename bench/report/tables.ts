import type { BenchSummary, FeatureRow, LoadRow, ProcessRow } from "../compare/summary.ts";
import { SCENARIOS, type Scenario } from "../compare/scenarios.ts";
import { type Column, figure, kibibytes, mebibytes, percentage, table } from "./table.ts";

/** What went wrong, a line for each load of a target or feature that failed. */
export const reportFailures = (rows: readonly (LoadRow | FeatureRow)[]): string[] =>
  rows
    .filter(({ errors }) => errors > 0)
    .map((row) => `! ${"target" in row ? `${row.scenario} of ${row.target}` : row.feature}: ${row.reasons.join("; ")}`);

/** Start-up and memory. */
function processTable(rows: readonly ProcessRow[]): string {
  return table(rows, [
    ["Process", (row) => row.target],
    ["First 200, ms", (row) => figure(row.startMilliseconds, 0)],
    ["Idle, MiB", (row) => mebibytes(row.idleBytes)],
    ["KiB per open stream", (row) => kibibytes(row.bytesPerStream)],
    ["Executable, MiB", (row) => mebibytes(row.binaryBytes)],
  ]);
}

/** What each feature costs. */
export function featureTable(rows: readonly FeatureRow[]): string {
  const columns = (rows[0]?.costs ?? []).map(({ scenario }, index): Column<FeatureRow> => [
    `CPU time, ${scenario}, x plain`,
    ({ costs }) => figure(costs[index]?.toPlain, 2),
  ]);
  return table(rows, [["Feature", ({ title }) => title], ...columns]);
}

type Row = readonly [title: string, cell: (target: string) => string];

/** A column for each target. */
const byTarget = (heading: string, targets: readonly string[], rows: readonly Row[]): string =>
  table(rows, [
    [heading, ([title]) => title],
    ...targets.map((target): Column<Row> => [target, ([, cell]) => cell(target)]),
  ]);

function latencyTitle({ plan, title, unit }: Scenario): string | undefined {
  if (plan.loop !== "open" && plan.connections !== 1 && plan.answer !== "paced") return undefined;
  return unit === "event" ? `${title}: first event` : title;
}

/** Where load generator or mock used so much of a core that they may have been what a target waited for. */
const LIMIT_SHARE = 0.9;

function limitsLine(loads: readonly LoadRow[]): string {
  const busy = loads.filter(
    ({ generatorShare = 0, mockShare = 0 }) => Math.max(generatorShare, mockShare) > LIMIT_SHARE,
  );
  const most = (pick: (row: LoadRow) => number | undefined) =>
    percentage(Math.max(...loads.map((row) => pick(row) ?? 0)));
  const used = `The load generator used at most ${most((row) => row.generatorShare)} of a core, the mock ${most((row) => row.mockShare)}`;
  if (busy.length === 0) return `${used}: neither was the limit.`;
  const where = busy.map(({ scenario, target }) => `${scenario} of ${target}`).join(", ");
  return `${used}. They were the limit of the requests a second, not of the CPU time of each, in ${where}.`;
}

/** What others are compared with. */
export const baseOf = (loads: readonly LoadRow[]): "nginx" | "bare" =>
  loads.some(({ target }) => target === "nginx") ? "nginx" : "bare";

/** The loads that were run as tables, a column for each target. */
function describeLoads(all: readonly LoadRow[]): readonly string[] {
  if (all.length === 0) return [];
  const base = baseOf(all);
  const targets = [...new Set(all.map(({ target }) => target))];
  const compared = targets.filter((target) => target !== "direct");
  const rowOf = new Map(all.map((row) => [`${row.scenario} ${row.target}`, row]));
  const rowsOf = (
    titleOf: (scenario: Scenario) => string | undefined,
    cell: (row: LoadRow) => string,
  ): readonly Row[] =>
    SCENARIOS.filter(({ name }) => all.some(({ scenario }) => scenario === name)).flatMap(
      (scenario): readonly Row[] => {
        const title = titleOf(scenario);
        const cellOf = (target: string): string => {
          const row = rowOf.get(`${scenario.name} ${target}`);
          return row ? cell(row) : "-";
        };
        return title === undefined ? [] : [[title, cellOf]];
      },
    );
  const ratio = (row: LoadRow): string => {
    const [middle, range] = base === "nginx" ? [row.toNginx, row.nginxRange] : [row.toBare, row.bareRange];
    const [least, most] = row.target === base ? [] : (range ?? []);
    return figure(middle, 2) + (least === undefined ? "" : ` (${figure(least, 2)}–${figure(most, 2)})`);
  };
  const resident: Row = [
    "RSS after a load, at most, MiB",
    (target) => mebibytes(Math.max(...all.filter((row) => row.target === target).map((row) => row.residentBytes))),
  ];
  const delays = rowsOf(latencyTitle, (row) => `${figure(row.addedToDirect, 2)} / ${figure(row.addedToDirectP99, 2)}`);
  const lost = ({ errors, missing, mergedShare, unit }: LoadRow): string =>
    unit === "event" ? `${errors} / ${missing} / ${figure(mergedShare * 100, 1, " %")}` : `${errors}`;
  const heading = base === "nginx" ? "CPU time, x nginx" : "CPU time, x bare, because nginx did not take part";
  const tableOf = (
    title: string,
    columns: readonly string[],
    cell: (row: LoadRow) => string,
    ...more: readonly Row[]
  ) => byTarget(title, columns, [...rowsOf((scenario) => scenario.title, cell), ...more]);
  const shares = (row: LoadRow): string => `${percentage(row.generatorShare)} / ${percentage(row.mockShare)}`;
  return [
    tableOf(heading, compared, ratio, resident),
    tableOf("CPU time, µs", compared, (row) => figure(row.cpuMicroseconds, 1)),
    tableOf("Requests or events a second", targets, (row) => figure(row.perSecond, 0)),
    ...(targets.includes("direct") && delays.length > 0 ? [byTarget("Added, p50 / p99 in ms", compared, delays)] : []),
    tableOf("Failures / missing / merged events", targets, lost),
    tableOf("Share of a core: generator / mock", targets, shares),
    limitsLine(all.filter(({ target }) => target !== "direct")),
  ];
}

/** Where, when, and of what versions a result is, in one line. */
export function describeRun({ machine, date = "", versions = {} }: BenchSummary): string {
  const named = Object.entries(versions).flatMap(([target, version]) => (version === "" ? [] : `${target} ${version}`));
  return [machine, date, named.join(", ")].filter((part) => part !== "").join("; ");
}

/** The results of a run as bench/README.md shows them. */
export function describeResult(result: BenchSummary): string {
  const { summary, settings } = result;
  const parts = [
    `${describeRun(result)}; medians and ranges of up to ${settings.repeats} repeats of ${settings.seconds} s.`,
    ...describeLoads(summary.loads),
    ...(summary.features.length > 0 ? [featureTable(summary.features)] : []),
    ...(summary.processes.length > 0 ? [processTable(summary.processes)] : []),
  ];
  return parts.join("\n\n");
}
