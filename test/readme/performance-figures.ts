import { join } from "node:path";
import { type LoadRow, parseResult } from "../../bench/compare/summary.ts";
import { figure, kibibytes, mebibytes } from "../../bench/report/table.ts";
import { baseOf, describeRun } from "../../bench/report/tables.ts";
import { markdownTable } from "./markdown-table.ts";
import { PROJECT } from "./markdown.ts";

const result = parseResult(await Bun.file(join(PROJECT, "bench/results/summary.json")).text());
const { loads, features, processes } = result.summary;

/** The loads that are shown, in a few words each. */
const LOADS_SHOWN = {
  "rate-300": "Chat 0.2 KB, 300 a second",
  alone: "Chat 0.2 KB, one at a time",
  "chat-0.2k": "Chat 0.2 KB, many at once",
  "chat-32k": "Chat 32 KB",
  "chat-128k": "Chat 128 KB",
  "paced-100": "Event, 100 paced streams",
  "paced-1000": "Event, 1,000 paced streams",
  burst: "Event, burst",
};

/** Behind a figure of a load in which requests failed. */
const FAILED = " f";

const rowOf = (scenario: string, target: string): LoadRow | undefined =>
  loads.find((row) => row.scenario === scenario && row.target === target);

/** What a run of the bench came to: where and when it was, and a table of CPU time and memory. */
export function performanceTable(): string {
  const base = baseOf(loads);
  const columns = [...new Set(loads.map(({ target }) => target))].filter(
    (target) => !["direct", base].includes(target),
  );
  const timesBase = (row: LoadRow | undefined): string =>
    figure(base === "nginx" ? row?.toNginx : row?.toBare, 2) + ((row?.errors ?? 0) > 0 ? FAILED : "");
  const residentOf = (target: string): string =>
    mebibytes(Math.max(...loads.filter((row) => row.target === target).map((row) => row.residentBytes)));
  const rows = [
    ...Object.entries(LOADS_SHOWN).map(([scenario, title]) => [
      title,
      ...columns.map((target) => timesBase(rowOf(scenario, target))),
    ]),
    ["MiB resident after a load", ...columns.map(residentOf)],
  ].filter(([, ...cells]) => cells.some((cell) => !cell.startsWith("-")));
  const what = base === "nginx" ? "nginx as a plain reverse proxy" : "a bare proxy on Bun";
  const intro = `CPU time as a multiple of that of ${what}, in one run. ${describeRun(result)}; medians.`;
  const failed = rows.flat().some((cell) => cell.endsWith(FAILED)) ? " Where requests failed, there is an f." : "";
  return `${intro}${failed}\n\n${markdownTable([[`x ${base}`, ...columns], ...rows])}`;
}

/** The same, and latency and memory, as far as they were measured. */
export function performanceLines(): string {
  const added = rowOf("alone", "gateway");
  const [gateway, binary] = ["gateway", "binary"].map((name) => processes.find(({ target }) => target === name));
  const lines = [
    added?.addedToDirect !== undefined &&
      `It adds ${figure(added.addedToDirect, 2)} ms at p50 and ${figure(added.addedToDirectP99, 2)} ms at p99, one request at a time.`,
    gateway !== undefined &&
      `Memory: ${mebibytes(gateway.idleBytes)} MiB idle, ${kibibytes(gateway.bytesPerStream)} KiB for each open stream. First answer after ${figure(gateway.startMilliseconds, 0)} ms from source, ${figure(binary?.startMilliseconds, 0)} ms as a binary.`,
  ].filter((line) => line !== false);
  return [performanceTable(), ...(lines.length > 0 ? [lines.map((line) => `- ${line}`).join("\n")] : [])].join("\n\n");
}

/** What each feature costs, as a Markdown table. */
export function featureTable(): string {
  if (features.length === 0) return "They were not measured in the last run.";
  const rows = features.map(({ title, costs }) => [title, ...costs.map(({ toPlain }) => figure(toPlain, 2))]);
  return markdownTable([["Feature", "Chat request", "Event"], ...rows]);
}
