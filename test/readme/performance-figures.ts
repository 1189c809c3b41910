import { join } from "node:path";
import { parseResult } from "../../bench/compare/summary.ts";
import type { LoadRow } from "../../bench/compare/summary.ts";
import { figure, kibibytes, mebibytes } from "../../bench/report/table.ts";
import { markdownTable } from "./markdown-table.ts";
import { PROJECT } from "./markdown.ts";

const { machine, summary } = parseResult(await Bun.file(join(PROJECT, "bench/results/summary.json")).text());

function load(scenario: string, target: string): LoadRow {
  const row = summary.loads.find((row) => row.scenario === scenario && row.target === target);
  if (row === undefined) throw new Error(`bench/results/summary.json has no ${scenario} of ${target}`);
  return row;
}

function process(target: string) {
  const row = summary.processes.find((row) => row.target === target);
  if (row === undefined) throw new Error(`bench/results/summary.json has no process ${target}`);
  return row;
}

const timesNginx = (scenario: string, target: string): string => figure(load(scenario, target).toNginx, 2);

function added(scenario: string): string {
  const { addedToDirect, addedToDirectP99 } = load(scenario, "gateway");
  return `${figure(addedToDirect, 2)} ms at p50 and ${figure(addedToDirectP99, 2)} ms at p99`;
}

/** What a run of the bench came to, in six lines. */
export function performanceLines(): string {
  const [gateway, binary] = [process("gateway"), process("binary")];
  return [
    `Measured beside nginx as a plain reverse proxy, in one run. ${machine}; medians.`,
    `A chat request of 0.2 KB costs ${timesNginx("chat-0.2k", "gateway")} times nginx's CPU time. The least that a proxy on Bun can do is ${timesNginx("chat-0.2k", "bare")}.`,
    `A chat request of 128 KB costs ${timesNginx("chat-128k", "gateway")} times nginx's; ${timesNginx("chat-128k", "bare-json")} for a proxy on Bun that parses the JSON, ${timesNginx("chat-128k", "bare")} for one that does not.`,
    `An event of a stream costs ${timesNginx("paced-100", "gateway")} times nginx's with 100 streams of an event every 20 ms, ${timesNginx("paced-2000", "gateway")} with 2,000, and ${timesNginx("burst", "gateway")} without pause.`,
    `Added latency: ${added("rate-1000")} at 1,000 requests a second, ${added("rate-4000")} at 4,000.`,
    `Memory: ${mebibytes(gateway.idleBytes)} MiB idle, ${kibibytes(gateway.bytesPerStream)} KiB for each open stream. First answer after ${figure(gateway.startMilliseconds, 0)} ms from source, ${figure(binary.startMilliseconds, 0)} ms as a binary.`,
  ]
    .map((line, index) => (index === 0 ? `${line}\n` : `- ${line}`))
    .join("\n");
}

/** What each feature costs, as a Markdown table. */
export function featureTable(): string {
  const rows = summary.features.map(({ title, costs }) => [title, ...costs.map(({ toPlain }) => figure(toPlain, 2))]);
  return markdownTable([["Feature", "Chat request", "Event"], ...rows]);
}
