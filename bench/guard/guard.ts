import { join } from "node:path";
import { command } from "../command.ts";
import { type HeapCounts, heapGrowth } from "../../test/fixtures/ask-process-probe.ts";
import { type Column, figure, percentage, table, writeJson } from "../report/table.ts";
import { startRig } from "../targets/rig.ts";
import { combine, GUARD_MEASURES, type GuardVerdict, judge, parseBaseline, passes, TOLERANCE } from "./judge.ts";
import { measureGuard } from "./measure.ts";

const BASELINE_FILE = join(import.meta.dir, "..", "baseline.json");

const USAGE = `bun run bench guard [options]   fails if the gateway costs over ${percentage(TOLERANCE)} more than it used to, as a multiple
of what a bare proxy on Bun spends in the same run: CPU time, and objects allocated, for a request and for an event of a stream; and of what is
translated or asked for by a name of the gateway's own beside what is not.
What it used to cost is in bench/baseline.json. What is slower is measured again before it counts.

  --update    measure twice and write the higher figures to bench/baseline.json
  --objects   print which objects the gateway allocates`;

const columns: readonly Column<GuardVerdict>[] = [
  ["guard", ({ measure }) => GUARD_MEASURES[measure]],
  ["baseline", ({ baseline }) => figure(baseline, 2)],
  ["now", ({ measured }) => figure(measured, 2)],
  ["change", ({ change }) => `${(change ?? 0) > 0 ? "+" : ""}${percentage(change)}`],
  ["", ({ outcome }) => outcome],
];

const SHOWN_TYPES = 16;

/** The types of which most objects were allocated. */
const listTypes = (counts: HeapCounts): string =>
  heapGrowth({}, counts)
    .slice(0, SHOWN_TYPES)
    .map(([type, count]) => `${type} ${count.toFixed(1)}`)
    .join(", ");

/** A name may cost 5 % more, which neighbours on the machine can hide three times, but rarely four. */
const MAX_REPEATS = 3;

/** Measures, judges and prints. */
export const guard = command(
  USAGE,
  { update: { type: "boolean", default: false }, objects: { type: "boolean", default: false } },
  async ({ update, objects }) => {
    const baseline = parseBaseline(await Bun.file(BASELINE_FILE).text());
    const rig = await startRig();
    const { figures: first, allocations } = await measureGuard(rig);
    if (objects) for (const [name, counts] of Object.entries(allocations)) console.log(`${name}: ${listTypes(counts)}`);
    let figures = first;
    if (update) {
      figures = combine(first, (await measureGuard(rig)).figures, Math.max);
      await writeJson(
        BASELINE_FILE,
        Object.fromEntries(Object.entries(figures).map(([name, value]) => [name, Number(value.toFixed(3))])),
      );
    }
    for (let again = 0; !update && again < MAX_REPEATS && !passes(judge(baseline, figures)); again += 1) {
      console.log(
        `${table(judge(baseline, figures), columns)}\nmeasured again, since a busy machine can be the reason:`,
      );
      figures = combine(figures, (await measureGuard(rig)).figures, Math.min);
    }
    await rig.close();
    const verdicts = judge(update ? figures : baseline, figures);
    console.log(table(verdicts, columns));
    if (passes(verdicts)) return 0;
    console.error("The hot path became dearer. If it has to be, `bun run bench guard --update` says so.");
    return 1;
  },
);
