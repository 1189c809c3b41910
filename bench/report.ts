import type { Scenario } from "./scenarios.ts";
import type { LoadRow, ProcessRow } from "./summary.ts";

type Column<Row> = readonly [title: string, cell: (row: Row) => string];

function figure(value: number | undefined, digits: number, suffix = ""): string {
  return value === undefined ? "-" : value.toFixed(digits) + suffix;
}

/** Lays rows out under their titles: the first column to the left, the others to the right. */
export function table<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): string {
  const cells = [columns.map(([title]) => title), ...rows.map((row) => columns.map(([, cell]) => cell(row)))];
  const widths = columns.map((_, index) => Math.max(...cells.map((line) => line[index]?.length ?? 0)));
  return cells
    .map((line) =>
      line
        .map((cell, index) => (index === 0 ? cell.padEnd(widths[index] ?? 0) : cell.padStart(widths[index] ?? 0)))
        .join("  ")
        .trimEnd(),
    )
    .map((line) => `  ${line}`)
    .join("\n");
}

// Of one core; what a single-threaded generator or mock cannot go beyond.
const LIMIT_SHARE = 0.85;

const share = (value: number | undefined): string => figure(value === undefined ? undefined : value * 100, 0, " %");
const mebibytes = (value: number | undefined): string => figure(value === undefined ? undefined : value / 1048576, 1);

const ratios: readonly Column<LoadRow>[] = [
  ["x nginx", (row) => figure(row.toNginx, 2)],
  ["x bare", (row) => figure(row.toBare, 2)],
  ["x bare-json", (row) => figure(row.toBareJson, 2)],
];
const rig: readonly Column<LoadRow>[] = [
  ["generator", (row) => share(row.generatorShare)],
  ["mock", (row) => share(row.mockShare)],
  ["errors", (row) => String(row.errors)],
];
const requestColumns: readonly Column<LoadRow>[] = [
  ["target", (row) => row.target],
  ["req/s", (row) => figure(row.perSecond, 0)],
  ["p50 ms", (row) => figure(row.p50, 3)],
  ["p99 ms", (row) => figure(row.p99, 3)],
  ["+p50 on nginx", (row) => figure(row.addedMilliseconds, 3)],
  ["CPU us/req", (row) => figure(row.cpuMicroseconds, 1)],
  ...ratios,
  ...rig,
];
const eventColumns: readonly Column<LoadRow>[] = [
  ["target", (row) => row.target],
  ["events/s", (row) => figure(row.perSecond, 0)],
  ["first p50 ms", (row) => figure(row.firstEventP50, 2)],
  ["first p99", (row) => figure(row.firstEventP99, 2)],
  ["+first on nginx", (row) => figure(row.addedMilliseconds, 2)],
  ["gap p50", (row) => figure(row.gapP50, 1)],
  ["gap p99", (row) => figure(row.gapP99, 1)],
  ["CPU us/event", (row) => figure(row.cpuMicroseconds, 2)],
  ...ratios,
  ...rig,
];

/** One load's rows as a table with its title, and the failures of each target below it. */
export function reportLoad(scenario: Scenario, rows: readonly LoadRow[]): string {
  const failures = rows.filter(({ errors }) => errors > 0).map((row) => `  ! ${row.target}: ${row.reasons.join("; ")}`);
  const columns = scenario.unit === "event" ? eventColumns : requestColumns;
  const limited = rows
    .filter((row) => row.target !== "direct" && Math.max(row.generatorShare ?? 0, row.mockShare ?? 0) > LIMIT_SHARE)
    .map(
      (row) =>
        `  ! ${row.target}: generator or mock were near their own limit; its figures show their limit, not its own`,
    );
  return [`${scenario.name}: ${scenario.title}`, table(rows, columns), ...failures, ...limited, ""].join("\n");
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
    ["KiB/stream", (row) => figure(row.bytesPerStream === undefined ? undefined : row.bytesPerStream / 1024, 1)],
    ["binary MiB", (row) => mebibytes(row.binaryBytes)],
  ];
  return [
    `process: exec to first 200, resident memory of the process tree idle, warm and with ${streams} streams open`,
    table(rows, columns),
    "",
  ].join("\n");
}
