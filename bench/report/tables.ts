import type { BenchSummary, FeatureRow, LoadRow, ProcessRow } from "../compare/summary.ts";
import { SCENARIOS, type Scenario } from "../compare/scenarios.ts";
import { type Column, figure, kibibytes, mebibytes, percentage, table } from "./table.ts";

const loadColumns = (unit: string, digits: number): readonly Column<LoadRow>[] => [
  ["target", (row) => row.target],
  [`${unit}s/s`, (row) => figure(row.perSecond, 0)],
  ["p50 ms", (row) => figure(row.p50, 3)],
  ["p99 ms", (row) => figure(row.p99, 3)],
  ["+p50 on direct", (row) => figure(row.addedToDirect, 3)],
  ["+p99 on direct", (row) => figure(row.addedToDirectP99, 3)],
  [`CPU us/${unit}`, (row) => figure(row.cpuMicroseconds, digits)],
  ["±", (row) => percentage(row.cpuSpread)],
  ["x nginx", (row) => figure(row.toNginx, 2)],
  ["x bare", (row) => figure(row.toBare, 2)],
  ["generator", (row) => percentage(row.generatorShare)],
  ["mock", (row) => percentage(row.mockShare)],
  ["errors", (row) => String(row.errors)],
];

/** What went wrong under each row, a line each. */
export const reportFailures = (rows: readonly (LoadRow | FeatureRow)[]): string[] =>
  rows
    .filter(({ errors }) => errors > 0)
    .map((row) => `! ${"target" in row ? row.target : row.feature}: ${row.reasons.join("; ")}`);

/** The rows of one load as a table with its title, and the failures of each target below it. */
export function reportLoad({ name, title, unit }: Scenario, loads: readonly LoadRow[]): string {
  const rows = loads.filter(({ scenario }) => scenario === name);
  const columns = loadColumns(unit, unit === "event" ? 2 : 1);
  return [`${name}: ${title}`, table(rows, columns), ...reportFailures(rows)].join("\n");
}

/** Start-up and memory. */
export function processTable(rows: readonly ProcessRow[]): string {
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

/** A row for each of the scenarios that was run, a column for each target. */
function byTarget(
  heading: string,
  rows: readonly LoadRow[],
  title: (scenario: Scenario) => string | undefined,
  cell: (row: LoadRow | undefined) => string,
): string {
  const loaded = new Map(rows.map((row) => [`${row.scenario} ${row.target}`, row]));
  const shown = SCENARIOS.filter(
    (scenario) => title(scenario) !== undefined && rows.some((row) => row.scenario === scenario.name),
  );
  const targets = [...new Set(rows.map(({ target }) => target))];
  return table(shown, [
    [heading, (scenario) => title(scenario) ?? ""],
    ...targets.map((target): Column<Scenario> => [target, ({ name }) => cell(loaded.get(`${name} ${target}`))]),
  ]);
}

function latencyTitle({ plan, title, unit }: Scenario): string | undefined {
  if (plan.loop !== "open" && plan.connections !== 1 && plan.answer !== "paced") return undefined;
  return unit === "event" ? `${title}: first event` : title;
}

/** The results of a run as bench/README.md shows them. */
export function describeResult({ machine, settings, summary }: BenchSummary): string {
  const { features, processes } = summary;
  const loads = summary.loads.filter(({ target }) => target !== "direct");
  const delayed = loads.filter(({ addedToDirect }) => addedToDirect !== undefined);
  const delay = (row: LoadRow | undefined): string =>
    `${figure(row?.addedToDirect, 2)} / ${figure(row?.addedToDirectP99, 2)}`;
  const timesNginx = (row: LoadRow | undefined): string => figure(row?.toNginx, 2);
  const parts = [
    `${machine}; medians of up to ${settings.repeats} repeats of ${settings.seconds} s.`,
    loads.length > 0 && byTarget("CPU time, x nginx", loads, ({ title }) => title, timesNginx),
    delayed.length > 0 && byTarget("Added, p50 / p99 in ms", delayed, latencyTitle, delay),
    features.length > 0 && featureTable(features),
    processes.length > 0 && processTable(processes),
  ];
  return parts.filter((part) => part !== false).join("\n\n");
}
