import type { FeatureRow } from "./feature-summary.ts";
import type { Headroom } from "./headroom.ts";
import type { ProcessRow } from "./process-summary.ts";
import type { Scenario } from "./scenarios.ts";
import type { LoadRow } from "./summary.ts";
import { type Column, figure, kibibytes, mebibytes, percentage, table } from "./table.ts";

const spread = (value: number | undefined): string => (value === undefined ? "-" : `±${percentage(value)}`);

const ratios: readonly Column<LoadRow>[] = [
  ["±", (row) => spread(row.cpuSpread)],
  ["x nginx", (row) => figure(row.toNginx, 2)],
  ["x bare", (row) => figure(row.toBare, 2)],
  ["x bare-json", (row) => figure(row.toBareJson, 2)],
];
const rig: readonly Column<LoadRow>[] = [
  ["generator", (row) => percentage(row.generatorShare)],
  ["mock", (row) => percentage(row.mockShare)],
  ["others", (row) => percentage(row.othersShare)],
  ["errors", (row) => String(row.errors)],
];
const requestColumns: readonly Column<LoadRow>[] = [
  ["target", (row) => row.target],
  ["req/s", (row) => figure(row.perSecond, 0)],
  ["p50 ms", (row) => figure(row.p50, 3)],
  ["p99 ms", (row) => figure(row.p99, 3)],
  ["+p50 on direct", (row) => figure(row.addedToDirect, 3)],
  ["+p50 on nginx", (row) => figure(row.addedMilliseconds, 3)],
  ["+p99 on nginx", (row) => figure(row.addedMillisecondsP99, 3)],
  ["CPU us/req", (row) => figure(row.cpuMicroseconds, 1)],
  ...ratios,
  ...rig,
];
const eventColumns: readonly Column<LoadRow>[] = [
  ["target", (row) => row.target],
  ["events/s", (row) => figure(row.perSecond, 0)],
  ["first p50 ms", (row) => figure(row.firstEventP50, 2)],
  ["first p99", (row) => figure(row.firstEventP99, 2)],
  ["+first on direct", (row) => figure(row.addedToDirect, 2)],
  ["+first on nginx", (row) => figure(row.addedMilliseconds, 2)],
  ["gap p50", (row) => figure(row.gapP50, 1)],
  ["gap p99", (row) => figure(row.gapP99, 1)],
  ["CPU us/event", (row) => figure(row.cpuMicroseconds, 2)],
  ...ratios,
  ...rig,
];

interface Failing {
  readonly errors: number;
  readonly reasons: readonly string[];
}

function failuresOf<Row extends Failing>(rows: readonly Row[], name: (row: Row) => string): string[] {
  return rows.filter(({ errors }) => errors > 0).map((row) => `  ! ${name(row)}: ${row.reasons.join("; ")}`);
}

/** One load's rows as a table with its title, and the failures of each target below it. */
export function reportLoad(scenario: Scenario, rows: readonly LoadRow[]): string {
  const columns = scenario.unit === "event" ? eventColumns : requestColumns;
  const failures = failuresOf(rows, ({ target }) => target);
  return [`${scenario.name}: ${scenario.title}`, table(rows, columns), ...failures, ""].join("\n");
}

/** What each feature costs, as a table with its title. */
export function reportFeatures(rows: readonly FeatureRow[]): string {
  const loads = rows[0]?.costs ?? [];
  const columns: readonly Column<FeatureRow>[] = [
    ["feature", (row) => `${row.feature.padEnd(12)}${row.title}`],
    ...loads.flatMap(({ scenario }, index): Column<FeatureRow>[] => [
      [`${scenario} CPU us`, ({ costs }) => figure(costs[index]?.cpuMicroseconds, 2)],
      ["x plain", ({ costs }) => figure(costs[index]?.toPlain, 2)],
      [
        "least..most",
        ({ costs }) => `${figure(costs[index]?.least, 2)}..${figure(costs[index]?.greatest, 2)}`.replace("-..-", "-"),
      ],
    ]),
    ["errors", (row) => String(row.errors)],
  ];
  const failures = failuresOf(rows, ({ feature }) => feature);
  return ["features: CPU time of the gateway with one of them on", table(rows, columns), ...failures, ""].join("\n");
}

/** Start-up and memory as a table with its title. */
export function reportProcess(rows: readonly ProcessRow[]): string {
  const streams = Math.max(0, ...rows.map(({ openStreams }) => openStreams));
  const columns: readonly Column<ProcessRow>[] = [
    ["target", (row) => row.target],
    ["first 200 ms", (row) => figure(row.startMilliseconds, 0)],
    ["idle MiB", (row) => mebibytes(row.idleBytes)],
    ["warm MiB", (row) => mebibytes(row.warmBytes)],
    ["streams open", (row) => String(row.openStreams)],
    ["open MiB", (row) => mebibytes(row.openBytes)],
    ["KiB/stream", (row) => kibibytes(row.bytesPerStream)],
    ["binary MiB", (row) => mebibytes(row.binaryBytes)],
  ];
  return [
    `process: exec to first 200, resident memory of the process tree idle, warm and with ${streams} streams open`,
    table(rows, columns),
    "",
  ].join("\n");
}

/** What generator and mock had left, as a table with its title, and whose figures show the rig's limit. */
export function reportHeadroom(rows: readonly Headroom[]): string {
  const columns: readonly Column<Headroom>[] = [
    ["load", (row) => row.scenario],
    ["direct/s", (row) => figure(row.ceiling, 0)],
    ["fastest/s", (row) => figure(row.fastest, 0)],
    ["times", (row) => figure(row.times, 1)],
    ["generator", (row) => percentage(row.generatorShare)],
    ["mock", (row) => percentage(row.mockShare)],
    ["late p99 ms", (row) => figure(row.latenessP99, 2)],
    ["others", (row) => percentage(row.othersShare)],
  ];
  const limits = rows
    .filter(({ limited }) => limited.length > 0)
    .map(
      ({ scenario, limited }) => `  ! ${scenario}: the rig was the limit of ${limited.join(", ")}; read their CPU only`,
    );
  return [
    "headroom: what generator and mock do without a target, and the most of one core that they used with one;",
    "          others: what everything else on the machine used of all its cores",
    table(rows, columns),
    ...limits,
    "",
  ].join("\n");
}
