import type { HistoryDatabase, Run } from "./database.ts";
import { type Insertion, insertRows } from "./insert-rows.ts";
import type { KnownModels } from "./known-models.ts";
import { indexOf, type Row, type Value } from "./row.ts";

export const HOUR_MS = 3_600_000;

/** By what sums are kept. */
export const SUM_KEYS = ["hour", "provider", "model", "identity"] as const;

/** Sums of whole numbers, of milliseconds, and of picodollars, which may be more than a number holds exactly. */
export const SUMS = [
  "requests",
  "failed",
  "input_tokens",
  "output_tokens",
  "cached_input_tokens",
  "cache_creation_tokens",
  "reasoning_tokens",
  "total_ms",
  "priced",
  "unpriced",
  "cost",
] as const;
type Sum = Exclude<(typeof SUMS)[number], "cost">;

/** The sums of one hour, provider, model and identity. */
interface Hour {
  readonly keys: readonly [hour: number, provider: string, model: string, identity: string];
  readonly sums: Record<Sum, number>;
  cost: bigint;
}

/** Their columns in a row. */
const SUMMED = [
  "input_tokens",
  "output_tokens",
  "cached_input_tokens",
  "cache_creation_tokens",
  "reasoning_tokens",
  "total_ms",
] as const;
const SUMMED_INDEXES = SUMMED.map((name) => [name, indexOf(name)] as const);
const [TIME, PROVIDER, MODEL, IDENTITY] = (["time", "provider", "model", "identity"] as const).map(indexOf) as [
  number,
  number,
  number,
  number,
];
const [STATUS, OUTCOME, COST] = (["status", "outcome", "cost"] as const).map(indexOf) as [number, number, number];

const NAMES = [...SUM_KEYS, ...SUMS];
const UPSERT: Insertion = {
  start: `INSERT INTO hourly (${NAMES.join(", ")}) VALUES`,
  columns: NAMES.length,
  end: `ON CONFLICT (${SUM_KEYS.join(", ")}) DO UPDATE SET ${SUMS.map((name) => `${name} = hourly.${name} + excluded.${name}`).join(", ")}`,
};

/** Adds rows that are new in the table to the sums of their hours. */
export async function addToHours(
  run: Run,
  database: HistoryDatabase,
  known: KnownModels,
  rows: readonly Row[],
): Promise<void> {
  const hours = new Map<string, Hour>();
  for (const row of rows) addRow(hours, known, row);
  // In one order in all processes, so that no two wait for each other.
  const sorted = [...hours].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, hour]) => valuesOf(hour));
  await insertRows(run, database, UPSERT, sorted);
}

const valuesOf = ({ keys, sums, cost }: Hour): readonly Value[] => [
  ...keys,
  ...SUMS.map((name) => (name === "cost" ? cost.toString() : sums[name])),
];

function addRow(hours: Map<string, Hour>, known: KnownModels, row: Row): void {
  const time = Number(row[TIME]);
  const status = Number(row[STATUS]);
  const outcome = row[OUTCOME];
  const hasFailed = status >= 400 || outcome === "failed" || outcome === "cut";
  const provider = String(row[PROVIDER] ?? "");
  const model = known.nameOf(provider, String(row[MODEL] ?? ""), !hasFailed && status >= 200);
  const identity = String(row[IDENTITY] ?? "");
  const start = time - (time % HOUR_MS);
  const key = `${start} ${provider.length} ${model.length} ${provider}${model}${identity}`;
  let hour = hours.get(key);
  if (!hour) hours.set(key, (hour = { keys: [start, provider, model, identity], sums: emptySums(), cost: 0n }));
  const { sums } = hour;
  sums.requests += 1;
  if (hasFailed) sums.failed += 1;
  for (const [name, index] of SUMMED_INDEXES) sums[name] += Number(row[index] ?? 0);
  const cost = row[COST];
  if (cost !== null && cost !== undefined) {
    sums.priced += 1;
    hour.cost += BigInt(cost);
  } else if (SUMMED_INDEXES.some(([name, index]) => name !== "total_ms" && Number(row[index] ?? 0) > 0)) {
    sums.unpriced += 1;
  }
}

const emptySums = (): Record<Sum, number> => ({
  requests: 0,
  failed: 0,
  input_tokens: 0,
  output_tokens: 0,
  cached_input_tokens: 0,
  cache_creation_tokens: 0,
  reasoning_tokens: 0,
  total_ms: 0,
  priced: 0,
  unpriced: 0,
});
