import { join } from "node:path";
import { parseResult } from "../compare/summary.ts";
import type { Command } from "../command.ts";
import { writeJson } from "./table.ts";
import { describeResult } from "./tables.ts";

const README = join(import.meta.dir, "..", "README.md");
const SUMMARY = join(import.meta.dir, "..", "results", "summary.json");
const BEGIN = "<!-- bench:begin -->";
const END = "<!-- bench:end -->";

const USAGE = `bun run bench tables FILE   shows a result that \`bun run bench --json FILE\` wrote: as tables in bench/README.md,
and without its single runs as bench/results/summary.json`;

/** Replaces what is between the marks of the bench in a page. Throws if it has none. */
export function replaceSection(page: string, section: string): string {
  const begin = page.indexOf(BEGIN);
  const end = page.indexOf(END);
  if (begin < 0 || end < begin) throw new Error(`the page has no ${BEGIN} ... ${END}`);
  return `${page.slice(0, begin + BEGIN.length)}\n\n${section}\n\n${page.slice(end)}`;
}

/** Writes the tables and the summary of a result. */
export const publish: Command = async (commandLine) => {
  const [file] = commandLine;
  if (file === undefined || file.startsWith("-") || commandLine.length > 1) {
    console.log(USAGE);
    return file === "--help" ? 0 : 1;
  }
  const { machine, settings, summary } = parseResult(await Bun.file(file).text());
  await writeJson(SUMMARY, { machine, settings, summary });
  const page = await Bun.file(README).text();
  await Bun.write(README, replaceSection(page, describeResult({ machine, settings, summary })));
  // Figures come as they are, and the page is kept as the formatter leaves it.
  Bun.spawnSync([process.execPath, "fmt", "--no-script", SUMMARY, README]);
  console.log("written: bench/results/summary.json, bench/README.md");
  return 0;
};
