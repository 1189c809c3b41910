import { join } from "node:path";
import { withGeneratedPart } from "../../test/readme/markdown.ts";
import { parseResult } from "../compare/summary.ts";
import type { Command } from "../command.ts";
import { writeJson } from "./table.ts";
import { describeResult } from "./tables.ts";

const README = join(import.meta.dir, "..", "README.md");
const PAGES = join(import.meta.dir, "..", "..", "test", "readme", "write-tables.ts");
const SUMMARY = join(import.meta.dir, "..", "results", "summary.json");

const USAGE = `bun run bench tables FILE   shows a result that \`bun run bench --json FILE\` wrote: as tables in bench/README.md,
without its single runs as bench/results/summary.json, and in the pages that \`bun run docs\` writes`;

/** Writes the tables and the summary of a result. */
export const publish: Command = async (commandLine) => {
  const [file] = commandLine;
  if (file === undefined || file.startsWith("-") || commandLine.length > 1) {
    console.log(USAGE);
    return file === "--help" ? 0 : 1;
  }
  const { machine, date, versions, settings, summary } = parseResult(await Bun.file(file).text());
  const result = { machine, date, versions, settings, summary };
  await writeJson(SUMMARY, result);
  const page = await Bun.file(README).text();
  await Bun.write(README, withGeneratedPart(page, "bench", describeResult(result)));
  // Figures come as they are, and the page is kept as the formatter leaves it.
  Bun.spawnSync([process.execPath, "fmt", "--no-script", SUMMARY, README]);
  console.log("written: bench/results/summary.json, bench/README.md");
  return Bun.spawnSync([process.execPath, PAGES], { stdio: ["ignore", "inherit", "inherit"] }).exitCode;
};
