import { join } from "node:path";
import { command } from "../command.ts";
import { type HeapCounts, heapGrowth } from "../../test/fixtures/ask-process-probe.ts";
import { type Column, figure, percentage, table, writeJson } from "../report/table.ts";
import { startRig } from "../targets/rig.ts";
import { GUARD_MEASURES, type GuardVerdict, judge, noSamples, parseBaseline, passes, TOLERANCE } from "./judge.ts";
import { measureGuard } from "./measure.ts";

const BASELINE_FILE = join(import.meta.dir, "..", "baseline.json");

const USAGE = `bun run bench guard [options]   fails if the gateway costs over ${percentage(TOLERANCE)} more than it used to, as a multiple
of what a bare proxy on Bun spends in the same run: CPU time, and objects allocated, for a request and for an event of a stream; and of what is
translated or asked for by a name of the gateway's own beside what is not.
What it used to cost is in bench/baseline.json. If something is slower, more is measured before it counts.

  --update    measure twice and write the figures to bench/baseline.json
  --objects   print which objects the gateway allocates
  --json FILE write the table as JSON`;

const columns: readonly Column<GuardVerdict>[] = [
  ["guard", ({ measure }) => GUARD_MEASURES[measure]],
  ["baseline", ({ baseline }) => figure(baseline, 2)],
  ["now", ({ measured }) => figure(measured, 2)],
  ["at least", ({ atLeast }) => figure(atLeast, 2)],
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

/** What is measured again counts together with what was before, so that to try often helps nobody. */
const MAX_REPEATS = 2;

/** Measures, judges and prints. */
export const guard = command(USAGE, { flags: ["update", "objects"] }, async ({ update, objects, json }) => {
  const baseline = parseBaseline(await Bun.file(BASELINE_FILE).text());
  const rig = await startRig();
  const samples = noSamples();
  const allocations = await measureGuard(rig, samples);
  if (objects) for (const [name, counts] of Object.entries(allocations)) console.log(`${name}: ${listTypes(counts)}`);
  if (update) await measureGuard(rig, samples);
  for (let again = 0; !update && again < MAX_REPEATS && !passes(judge(baseline, samples)); again += 1) {
    console.log(`${table(judge(baseline, samples), columns)}\nmore is measured: a busy machine can be the reason`);
    await measureGuard(rig, samples);
  }
  await rig.close();
  const verdicts = judge(baseline, samples);
  console.log(table(verdicts, columns));
  const now = Object.fromEntries(verdicts.map(({ measure, measured }) => [measure, Number(measured.toFixed(3))]));
  await writeJson(json, verdicts);
  if (update) await writeJson(BASELINE_FILE, now);
  if (update || passes(verdicts)) return 0;
  console.error("The hot path became dearer. If it has to be, `bun run bench guard --update` says so.");
  return 1;
});
