import { join } from "node:path";
import { parseArgs } from "node:util";
import {
  combine,
  GUARD_MEASURES,
  type GuardFigures,
  type GuardVerdict,
  judge,
  parseBaseline,
  passes,
  TOLERANCE,
} from "./guard-judge.ts";
import { type GuardResult, measureGuard } from "./guard-measure.ts";
import { startRig } from "./rig.ts";
import { type Column, figure, percentage, table } from "./table.ts";

const BASELINE_FILE = join(import.meta.dir, "baseline.json");

const USAGE = `bun run bench guard [options]   fails where the gateway costs over ${percentage(TOLERANCE)} more than it used to, as a multiple
of what a bare proxy on Bun spends in the same run: CPU time, and objects allocated, for a request and for an event of a stream.
What it used to cost is in bench/baseline.json. What is slower is measured again before it counts.

  --update    measure twice and write the higher figures to bench/baseline.json
  --objects   print which objects the gateway allocates`;

const columns: readonly Column<GuardVerdict>[] = [
  ["guard", ({ measure }) => GUARD_MEASURES[measure]],
  ["baseline", ({ baseline }) => figure(baseline, 2)],
  ["now", ({ measured }) => figure(measured, 2)],
  ["change", ({ change }) => (change === undefined ? "-" : `${change > 0 ? "+" : ""}${percentage(change)}`)],
  ["", ({ outcome }) => outcome],
];

const SHOWN_TYPES = 16;

function reportObjects({ allocations }: GuardResult): string {
  const list = (objects: GuardResult["allocations"]["chat"]): string =>
    objects
      .slice(0, SHOWN_TYPES)
      .map(([type, count]) => `${type} ${count.toFixed(1)}`)
      .join(", ");
  return `objects for a chat request: ${list(allocations.chat)}\nobjects for an event: ${list(allocations.stream)}`;
}

async function readBaseline(): Promise<GuardFigures> {
  const file = Bun.file(BASELINE_FILE);
  return (await file.exists()) ? parseBaseline(await file.text()) : {};
}

async function writeBaseline(figures: GuardFigures): Promise<void> {
  const rounded = Object.fromEntries(Object.entries(figures).map(([name, value]) => [name, Number(value.toFixed(3))]));
  await Bun.write(BASELINE_FILE, `${JSON.stringify(rounded, null, 2)}\n`);
}

/**
 * Measures, judges and prints.
 * @param commandLine arguments after `guard`
 * @returns exit code of the process
 */
export async function guard(commandLine: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...commandLine],
    options: { update: { type: "boolean" }, objects: { type: "boolean" }, help: { type: "boolean" } },
  });
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  const baseline = await readBaseline();
  const rig = await startRig(0);
  const first = await measureGuard(rig);
  if (values.objects) console.log(reportObjects(first));
  let { figures } = first;
  if (values.update) {
    figures = combine(figures, (await measureGuard(rig)).figures, Math.max);
    await writeBaseline(figures);
  } else if (!passes(judge(baseline, figures))) {
    console.log(`${table(judge(baseline, figures), columns)}\nmeasured again, since a busy machine can be the reason:`);
    figures = combine(figures, (await measureGuard(rig)).figures, Math.min);
  }
  await rig.close();
  const verdicts = judge(values.update ? figures : baseline, figures);
  console.log(table(verdicts, columns));
  if (passes(verdicts)) return 0;
  console.error("The hot path became dearer. If that is what it has to cost, `bun run bench guard --update` says so.");
  return 1;
}
