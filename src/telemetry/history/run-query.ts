import { formatDollars } from "../../core/picodollars.ts";
import type { HistoryDatabase, Run } from "./database.ts";
import { readContent, type ShownContent } from "./contents.ts";
import type { Filter } from "./filters.ts";
import type { Group, HistoryQuery, RequestQuery, RequestsQuery, UsageQuery } from "./queries.ts";
import { HOUR_MS, SUMS } from "./roll-ups.ts";
import { COLUMNS, type ColumnKind } from "./row.ts";
import { lowestId } from "./row-id.ts";

/** One row or one group as JSON has it. */
export type Shown = Readonly<Record<string, string | number | boolean | null>>;

export interface RequestsPage {
  readonly rows: readonly Shown[];
  /** Behind which row the next page begins; undefined if this is the last one. */
  readonly next: string | undefined;
}

export interface UsageSums {
  readonly groups: readonly Shown[];
  /** Whether there are more than an answer holds. */
  readonly isCut: boolean;
}

/** So many rows are looked at for one page, 30 ms in SQLite; a page whose filters fit few of them is short. */
const MAX_SCANNED = 10_000;
/** More groups are not in one answer. */
export const MAX_GROUPS = 10_000;

/** One request, with what it asked and was answered, if that is kept and the client's own. */
export interface RequestDetails {
  readonly row: Shown;
  readonly content: ShownContent | undefined;
}

type Answered = RequestsPage | UsageSums | RequestDetails | undefined;

export function runQuery({ run }: HistoryDatabase, query: HistoryQuery): Promise<Answered> {
  if (query.kind === "usage") return sumUp(run, query);
  return query.kind === "requests" ? findRequests(run, query) : findRequest(run, query);
}

async function findRequest(run: Run, { id, owner }: RequestQuery): Promise<RequestDetails | undefined> {
  const { rows } = await run("SELECT * FROM requests WHERE id = ?", [id]);
  return rows[0] && { row: showRow(rows[0]), content: await readContent(run, id, owner) };
}

async function findRequests(run: Run, query: RequestsQuery): Promise<RequestsPage> {
  const { filters, limit } = query;
  const before = lowestId(query.to);
  const bounds = [lowestId(query.from), query.after !== undefined && query.after < before ? query.after : before];
  const scanned = "FROM requests WHERE id >= ? AND id < ? ORDER BY id DESC LIMIT ?";
  const { conditions, values } = inSql(filters);
  const { rows } = await run(
    `SELECT * FROM (SELECT * ${scanned}) AS scanned WHERE 1 = 1${conditions} ORDER BY id DESC LIMIT ?`,
    [...bounds, filters.length > 0 ? MAX_SCANNED : limit + 1, ...values, limit + 1],
  );
  const page = rows.slice(0, limit);
  const last =
    rows.length > limit ? String(page.at(-1)?.["id"]) : await lastScanned(run, scanned, bounds, filters.length > 0);
  return { rows: page.map(showRow), next: last };
}

/** What is to hold beside other conditions, and the values of its places. */
const inSql = (filters: readonly Filter[]) => ({
  conditions: filters.map((filter) => ` AND (${filter.map(condition).join(" OR ")})`).join(""),
  values: filters.flat(2).map(([, value]) => value),
});

const condition = (row: Filter[number]): string => row.map(([column]) => `${column} = ?`).join(" AND ");

/** The last row that was looked at, if there may be more behind it. */
async function lastScanned(run: Run, scanned: string, bounds: readonly string[], isFiltered: boolean) {
  if (!isFiltered) return undefined;
  const { rows } = await run(`SELECT id ${scanned} OFFSET ?`, [...bounds, 1, MAX_SCANNED - 1]);
  return rows[0] === undefined ? undefined : String(rows[0]["id"]);
}

const showRow = (row: Readonly<Record<string, unknown>>): Shown =>
  Object.fromEntries(
    COLUMNS.map(([name, kind]) =>
      name === "cost" ? ["cost_usd", showCost(row[name])] : [name, show(kind, row[name])],
    ),
  );

function show(kind: ColumnKind, value: unknown): string | number | boolean | null {
  if (value === null || value === undefined) return null;
  if (kind === "text") return String(value);
  if (kind === "time") return new Date(Number(value)).toISOString();
  return kind === "flag" ? Number(value) === 1 : Number(value);
}

const showCost = (value: unknown): string | null =>
  typeof value === "string" || typeof value === "number" ? formatDollars(BigInt(value)) : null;

const DAY_MS = 24 * HOUR_MS;

/** How groups are read from the sums of hours. */
const EXPRESSIONS: Readonly<Record<Group, string>> = {
  model: "model",
  provider: "provider",
  identity: "identity",
  hour: "hour",
  day: `hour - hour % ${DAY_MS}`,
};

/** A cost is summed in two parts: together they may be more than a column of SQLite holds. */
const COST_PART = 1_000_000n;
const SELECTED_SUMS = [
  ...SUMS.filter((name) => name !== "cost").map((name) => `COALESCE(SUM(${name}), 0) AS ${name}`),
  `CAST(COALESCE(SUM(cost / ${COST_PART}), 0) AS TEXT) AS cost_high`,
  `CAST(COALESCE(SUM(cost % ${COST_PART}), 0) AS TEXT) AS cost_low`,
].join(", ");

/** Whole hours: the first one is that of `from`, the last one that of the moment before `to`. */
async function sumUp(run: Run, { from, to, groups, filters }: UsageQuery): Promise<UsageSums> {
  const keys = groups.map((group, index) => `${EXPRESSIONS[group]} AS key_${index}`);
  const places = groups.map((_, index) => index + 1).join(", ");
  const { conditions, values } = inSql(filters);
  const { rows } = await run(
    `SELECT ${[...keys, SELECTED_SUMS].join(", ")} FROM hourly WHERE hour >= ? AND hour < ?${conditions}${
      groups.length > 0 ? ` GROUP BY ${places} ORDER BY ${places}` : ""
    } LIMIT ?`,
    [from - (from % HOUR_MS), to, ...values, MAX_GROUPS + 1],
  );
  return { groups: rows.slice(0, MAX_GROUPS).map((row) => showSums(row, groups)), isCut: rows.length > MAX_GROUPS };
}

function showSums(row: Readonly<Record<string, unknown>>, groups: readonly Group[]): Shown {
  const shown: Record<string, string | number | null> = {};
  for (const [index, group] of groups.entries()) {
    const key = row[`key_${index}`];
    const isTime = group === "hour" || group === "day";
    const text = isTime ? new Date(Number(key)).toISOString() : String(key);
    shown[group] = group === "day" ? text.slice(0, 10) : text === "" ? null : text;
  }
  const { priced, unpriced, ...sums } = Object.fromEntries(
    SUMS.filter((name) => name !== "cost").map((name) => [name, Number(row[name])]),
  );
  Object.assign(shown, sums, { total_ms: Math.round((sums["total_ms"] ?? 0) * 100) / 100 });
  const cost = BigInt(String(row["cost_high"])) * COST_PART + BigInt(String(row["cost_low"]));
  // With no price known at all, the cost is not known either.
  shown["cost_usd"] = priced === 0 && Number(unpriced) > 0 ? null : formatDollars(cost);
  shown["unpriced_requests"] = Number(unpriced);
  return shown;
}
