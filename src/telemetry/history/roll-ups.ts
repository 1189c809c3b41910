import { addAmounts, MAX_AMOUNT } from "../../core/picodollars.ts";
import type { HistoryDatabase, Run } from "./database.ts";
import { type Insertion, insertRows } from "./insert-rows.ts";
import type { KnownModels } from "./known-models.ts";
import { indexOf, numberAt, type Row, type Value } from "./row.ts";

export const HOUR_MS = 3_600_000;

/** By what sums are kept. */
const SUM_KEYS = ["hour", "provider", "model", "identity"] as const;

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

const TIME = indexOf("time");
const PROVIDER = indexOf("provider");
const MODEL = indexOf("model");
const IDENTITY = indexOf("identity");
const STATUS = indexOf("status");
const OUTCOME = indexOf("outcome");
const INPUT = indexOf("input_tokens");
const OUTPUT = indexOf("output_tokens");
const CACHED = indexOf("cached_input_tokens");
const CREATED = indexOf("cache_creation_tokens");
const REASONING = indexOf("reasoning_tokens");
const TOTAL = indexOf("total_ms");
const COST = indexOf("cost");

/** Money is added as `addAmounts` does: a sum of too much would be an error in Postgres, and no whole number in SQLite. */
const added = (name: (typeof SUMS)[number]): string =>
  name === "cost"
    ? `cost = CASE WHEN hourly.cost > ${MAX_AMOUNT} - excluded.cost THEN ${MAX_AMOUNT} ELSE hourly.cost + excluded.cost END`
    : `${name} = hourly.${name} + excluded.${name}`;

const UPSERT: Insertion = {
  table: "hourly",
  columns: [...SUM_KEYS, ...SUMS],
  end: `ON CONFLICT (${SUM_KEYS.join(", ")}) DO UPDATE SET ${SUMS.map(added).join(", ")}`,
};

/** Adds rows that are new in the table to the sums of their hours. */
export async function addToHours(
  run: Run,
  database: HistoryDatabase,
  known: KnownModels,
  rows: readonly Row[],
): Promise<void> {
  const hours = new Map<string, Hour>();
  let last: Row | undefined;
  let hour: Hour | undefined;
  for (const row of rows) {
    // Most rows are of the same as the one before.
    if (!hour || !last || !isSame(last, row)) hour = findHour(hours, known, row);
    last = row;
    addRow(hour, row);
  }
  // In one order in all processes, so that no two wait for each other.
  const sorted = [...hours].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, each]) => valuesOf(each));
  await insertRows(run, database, UPSERT, sorted);
}

const valuesOf = ({ keys, sums, cost }: Hour): readonly Value[] => [
  ...keys,
  ...SUMS.map((name) => (name === "cost" ? cost.toString() : sums[name])),
];

const hourOf = (row: Row): number => Math.floor(numberAt(row, TIME) / HOUR_MS) * HOUR_MS;

const hasFailed = (row: Row): boolean =>
  numberAt(row, STATUS) >= 400 || row[OUTCOME] === "failed" || row[OUTCOME] === "cut";

const isSame = (one: Row, other: Row): boolean =>
  one[MODEL] === other[MODEL] &&
  one[IDENTITY] === other[IDENTITY] &&
  one[PROVIDER] === other[PROVIDER] &&
  hasFailed(one) === hasFailed(other) &&
  hourOf(one) === hourOf(other);

function findHour(hours: Map<string, Hour>, known: KnownModels, row: Row): Hour {
  const start = hourOf(row);
  const provider = String(row[PROVIDER] ?? "");
  const isGood = !hasFailed(row) && numberAt(row, STATUS) >= 200;
  const model = known.nameOf(provider, String(row[MODEL] ?? ""), isGood);
  const identity = String(row[IDENTITY] ?? "");
  const key = `${start} ${provider.length} ${model.length} ${provider}${model}${identity}`;
  let hour = hours.get(key);
  if (!hour) hours.set(key, (hour = { keys: [start, provider, model, identity], sums: emptySums(), cost: 0n }));
  return hour;
}

function addRow(hour: Hour, row: Row): void {
  const { sums } = hour;
  sums.requests += 1;
  if (hasFailed(row)) sums.failed += 1;
  const tokens = numberAt(row, INPUT) + numberAt(row, OUTPUT);
  sums.input_tokens += numberAt(row, INPUT);
  sums.output_tokens += numberAt(row, OUTPUT);
  sums.cached_input_tokens += numberAt(row, CACHED);
  sums.cache_creation_tokens += numberAt(row, CREATED);
  sums.reasoning_tokens += numberAt(row, REASONING);
  sums.total_ms += numberAt(row, TOTAL);
  const cost = row[COST];
  if (cost !== null && cost !== undefined) {
    sums.priced += 1;
    hour.cost = addAmounts(hour.cost, BigInt(cost));
  } else if (tokens > 0) sums.unpriced += 1;
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
