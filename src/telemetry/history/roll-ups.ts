import { addAmounts, MAX_AMOUNT } from "../../core/picodollars.ts";
import type { HistoryDatabase, Run } from "./database.ts";
import { createInsertRows, type Insertion } from "./insert-rows.ts";
import type { KnownModels } from "./known-models.ts";
import { indexOf, numberAt, type Row, TOKEN_COLUMNS, type Value } from "./row.ts";

export const HOUR_MS = 3_600_000;

/** By what sums are kept. */
const SUM_KEYS = ["hour", "provider", "model", "identity"] as const;

/** Sums of whole numbers, of milliseconds, and at the end of picodollars, which may be more than a number holds exactly. */
export const SUMS = ["requests", "failed", ...TOKEN_COLUMNS, "total_ms", "priced", "unpriced", "cost"] as const;

/** The sums of one hour, provider, model and identity. */
interface Hour {
  readonly keys: readonly [hour: number, provider: string, model: string, identity: string];
  /** In the order of {@link SUMS}, without the cost. */
  readonly sums: Float64Array;
  cost: bigint;
}

const TIME = indexOf("time");
const PROVIDER = indexOf("provider");
const MODEL = indexOf("model");
const IDENTITY = indexOf("identity");
const ATTEMPTS = indexOf("attempts");
const STATUS = indexOf("status");
const OUTCOME = indexOf("outcome");
const INPUT = indexOf("input_tokens");
const OUTPUT = indexOf("output_tokens");
const COST = indexOf("cost");

/** Columns whose numbers are added as they are, and where among the sums. */
const ADDED = [...TOKEN_COLUMNS, "total_ms"] as const;
const ADDED_AT = ADDED.map(indexOf);
const FIRST_ADDED = SUMS.indexOf(ADDED[0]);
const REQUESTS = SUMS.indexOf("requests");
const FAILED = SUMS.indexOf("failed");
const PRICED = SUMS.indexOf("priced");
const UNPRICED = SUMS.indexOf("unpriced");

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

/** Adds rows that are new in the table to the sums of their hours, in a transaction. */
export type AddToHours = (run: Run, rows: readonly Row[]) => Promise<void>;

export function createAddToHours(database: HistoryDatabase, known: KnownModels): AddToHours {
  const insertRows = createInsertRows(database, UPSERT);
  return async (run, rows) => {
    const hours = new Map<string, Hour>();
    let last: Row | undefined;
    let hour: Hour | undefined;
    for (const row of rows) {
      // Most rows are of the same as the one before.
      if (!hour || !last || !isSame(last, row)) hour = findHour(hours, known, row);
      last = row;
      addRow(hour, row);
      addCost(hour, row);
    }
    // In one order in all processes, so that no two wait for each other.
    const sorted = [...hours].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, each]) => valuesOf(each));
    await insertRows(run, sorted);
  };
}

const valuesOf = ({ keys, sums, cost }: Hour): readonly Value[] => [
  ...keys,
  ...SUMS.map((name, index) => (name === "cost" ? cost.toString() : (sums[index] ?? 0))),
];

const hourOf = (row: Row): number => Math.floor(numberAt(row, TIME) / HOUR_MS) * HOUR_MS;

const hasFailed = (row: Row): boolean =>
  numberAt(row, STATUS) >= 400 || row[OUTCOME] === "failed" || row[OUTCOME] === "cut";

const isSame = (one: Row, other: Row): boolean =>
  one[MODEL] === other[MODEL] &&
  one[IDENTITY] === other[IDENTITY] &&
  one[PROVIDER] === other[PROVIDER] &&
  one[ATTEMPTS] === other[ATTEMPTS] &&
  hasFailed(one) === hasFailed(other) &&
  hourOf(one) === hourOf(other);

function findHour(hours: Map<string, Hour>, known: KnownModels, row: Row): Hour {
  const start = hourOf(row);
  const provider = known.providerOf(String(row[PROVIDER] ?? ""), numberAt(row, ATTEMPTS) > 0);
  const isGood = !hasFailed(row) && numberAt(row, STATUS) >= 200;
  const model = known.nameOf(provider, String(row[MODEL] ?? ""), isGood);
  const identity = String(row[IDENTITY] ?? "");
  const key = `${start} ${provider.length} ${model.length} ${provider}${model}${identity}`;
  let hour = hours.get(key);
  if (!hour)
    hours.set(
      key,
      (hour = { keys: [start, provider, model, identity], sums: new Float64Array(SUMS.length - 1), cost: 0n }),
    );
  return hour;
}

function addRow({ sums }: Hour, row: Row): void {
  increase(sums, REQUESTS, 1);
  if (hasFailed(row)) increase(sums, FAILED, 1);
  for (let index = 0; index < ADDED_AT.length; index++) {
    const value = row[ADDED_AT[index] ?? 0];
    if (typeof value === "number") increase(sums, FIRST_ADDED + index, value);
  }
}

/** Adds what it cost, which is known of few or of all. */
function addCost(hour: Hour, row: Row): void {
  const cost = row[COST];
  if (cost !== null && cost !== undefined) {
    increase(hour.sums, PRICED, 1);
    hour.cost = addAmounts(hour.cost, BigInt(cost));
  } else if (numberAt(row, INPUT) + numberAt(row, OUTPUT) > 0) increase(hour.sums, UNPRICED, 1);
}

function increase(sums: Float64Array, index: number, by: number): void {
  sums[index] = (sums[index] ?? 0) + by;
}
