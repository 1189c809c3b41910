import type { BenchResult } from "./result.ts";
import { SCENARIOS } from "./scenarios.ts";
import { figure, kibibytes, mebibytes } from "./table.ts";

/** A Markdown table as the formatter leaves it: the first column to the left, the others to the right. */
function markdown(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(3, ...rows.map((row) => row[column]?.length ?? 0)));
  const pad = (text: string, column: number): string =>
    column === 0 ? text.padEnd(widths[column] ?? 0) : text.padStart(widths[column] ?? 0);
  const line = (row: readonly string[]): string =>
    `| ${widths.map((_, column) => pad(row[column] ?? "", column)).join(" | ")} |`;
  const rule = widths.map((width, column) => (column === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`));
  const [heading = [], ...body] = rows;
  return [line(heading), `| ${rule.join(" | ")} |`, ...body.map(line)].join("\n");
}

const distinct = (names: readonly string[]): readonly string[] => [...new Set(names)];

function loads({ summary }: BenchResult): string {
  const rows = summary.loads.filter(({ target }) => target !== "direct");
  const targets = distinct(rows.map(({ target }) => target));
  const titles = SCENARIOS.filter(({ name }) => rows.some(({ scenario }) => scenario === name));
  const of = (scenario: string, target: string) =>
    rows.find((row) => row.scenario === scenario && row.target === target);
  return markdown([
    ["CPU time, x nginx", ...targets],
    ...titles.map(({ name, title }) => [title, ...targets.map((target) => figure(of(name, target)?.toNginx, 2))]),
  ]);
}

function latencies({ summary }: BenchResult): string {
  const rows = summary.loads.filter(({ target, addedToDirect }) => target !== "direct" && addedToDirect !== undefined);
  const targets = distinct(rows.map(({ target }) => target));
  const shown = SCENARIOS.filter(
    ({ name, plan }) =>
      (plan.loop === "open" || plan.connections === 1 || plan.answer === "paced") &&
      rows.some(({ scenario }) => scenario === name),
  );
  const of = (scenario: string, target: string) =>
    rows.find((row) => row.scenario === scenario && row.target === target);
  return markdown([
    ["Added, p50 / p99 in ms", ...targets],
    ...shown.map(({ name, title, unit }) => [
      unit === "event" ? `${title}: first event` : title,
      ...targets.map((target) => {
        const row = of(name, target);
        return `${figure(row?.addedToDirect, 2)} / ${figure(row?.addedToDirectP99, 2)}`;
      }),
    ]),
  ]);
}

function features({ summary }: BenchResult): string {
  const costs = summary.features[0]?.costs ?? [];
  return markdown([
    ["Feature", ...costs.map(({ scenario }) => `CPU time, ${scenario}, x plain`)],
    ...summary.features.map(({ title, costs: own }) => [title, ...own.map(({ toPlain }) => figure(toPlain, 2))]),
  ]);
}

function processes({ summary }: BenchResult): string {
  return markdown([
    ["Process", "First 200, ms", "Idle, MiB", "KiB per open stream", "Executable, MiB"],
    ...summary.processes.map((row) => [
      row.target,
      figure(row.startMilliseconds, 0),
      mebibytes(row.idleBytes),
      kibibytes(row.bytesPerStream),
      mebibytes(row.binaryBytes),
    ]),
  ]);
}

/** The results of a run as bench/README.md shows them. */
export function describeResult(result: BenchResult): string {
  const { machine, settings, summary } = result;
  const parts = [
    `${machine}; medians of up to ${settings.repeats} repeats of ${settings.seconds} s.`,
    summary.loads.length > 0 ? loads(result) : "",
    summary.loads.some(({ addedToDirect }) => addedToDirect !== undefined) ? latencies(result) : "",
    summary.features.length > 0 ? features(result) : "",
    summary.processes.length > 0 ? processes(result) : "",
  ];
  return parts.filter((part) => part !== "").join("\n\n");
}

const BEGIN = "<!-- bench:begin -->";
const END = "<!-- bench:end -->";

/** Replaces what stands between the marks of the bench in a page. Throws where it has none. */
export function replaceSection(page: string, section: string): string {
  const begin = page.indexOf(BEGIN);
  const end = page.indexOf(END);
  if (begin < 0 || end < begin) throw new Error(`the page has no ${BEGIN} ... ${END}`);
  return `${page.slice(0, begin + BEGIN.length)}\n\n${section}\n\n${page.slice(end)}`;
}
