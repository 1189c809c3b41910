import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { describeResult, replaceSection } from "./chart-markdown.ts";
import { drawChart } from "./chart-svg.ts";
import { type BenchResult, parseResult } from "./result.ts";

const README = join(import.meta.dir, "README.md");
const RESULTS = join(import.meta.dir, "results");

const USAGE = `bun run bench chart FILE   shows a result that \`bun run bench --json FILE\` wrote: as bench/results/chart.svg,
as tables in bench/README.md, and without its single runs as bench/results/summary.json`;

/**
 * Writes chart, tables and summary.
 * @param commandLine arguments after `chart`
 * @returns exit code of the process
 */
export async function chart(commandLine: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...commandLine],
    options: { help: { type: "boolean" } },
    allowPositionals: true,
  });
  const [file] = positionals;
  if (values.help || file === undefined || positionals.length > 1) {
    console.log(USAGE);
    return values.help ? 0 : 1;
  }
  const result: BenchResult = parseResult(await Bun.file(file).text());
  const { machine, settings, summary } = result;
  mkdirSync(RESULTS, { recursive: true });
  await Bun.write(join(RESULTS, "chart.svg"), drawChart(result));
  await Bun.write(join(RESULTS, "summary.json"), `${JSON.stringify({ machine, settings, summary }, null, 2)}\n`);
  await Bun.write(README, replaceSection(await Bun.file(README).text(), describeResult(result)));
  // Figures come as they are, and the page is kept as the formatter leaves it.
  Bun.spawnSync([process.execPath, "fmt", "--no-script", join(RESULTS, "summary.json"), README]);
  console.log("written: bench/results/chart.svg, bench/results/summary.json, bench/README.md");
  return 0;
}
