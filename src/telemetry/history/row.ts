import type { RequestRecord } from "../../core/request-context.ts";

/** Of a column of the table `requests`: what its values are, and what `GET /v1/requests` shows of it. */
export type ColumnKind = "text" | "integer" | "milliseconds" | "time" | "flag" | "picodollars";

/**
 * The columns of the table `requests`, in the order in which a row has them. The first is the row's own id: a UUID of
 * version 7, which begins with the time and so is the order of the table as well. A column that is added here needs a
 * migration, and goes to the end: rows that wait in a file from before are shorter.
 */
export const COLUMNS = [
  ["id", "text"],
  ["time", "time"],
  ["request_id", "text"],
  ["route", "text"],
  ["format", "text"],
  ["identity", "text"],
  ["provider", "text"],
  ["model", "text"],
  ["alias", "text"],
  ["attempts", "integer"],
  ["status", "integer"],
  ["outcome", "text"],
  ["failure", "text"],
  ["streaming", "flag"],
  ["input_tokens", "integer"],
  ["output_tokens", "integer"],
  ["cached_input_tokens", "integer"],
  ["cache_creation_tokens", "integer"],
  ["reasoning_tokens", "integer"],
  ["total_ms", "milliseconds"],
  ["response_header_ms", "milliseconds"],
  ["first_byte_ms", "milliseconds"],
  ["queue_ms", "milliseconds"],
  ["bytes_in", "integer"],
  ["bytes_out", "integer"],
  ["client_address", "text"],
  ["usage_source", "text"],
  ["cost", "picodollars"],
] as const satisfies readonly (readonly [name: string, kind: ColumnKind])[];

export type ColumnName = (typeof COLUMNS)[number][0];

/** The columns whose values are sums in the roll-ups. */
export type TokenColumn = Extract<ColumnName, `${string}_tokens`>;

/** One value; a cost is written in digits, because it may be more than a number holds exactly. */
export type Value = string | number | null;

/** The values of one row, one for each of {@link COLUMNS}. */
export type Row = readonly Value[];

const INDEXES = new Map<string, number>(COLUMNS.map(([name], index) => [name, index]));

/** Where in a row a column is. */
export const indexOf = (name: ColumnName): number => INDEXES.get(name) ?? 0;

/** A client may send a name of any length. */
const MAX_CHARACTERS = 256;

/** Postgres takes no text with a NUL, and no half of a pair of surrogates. */
const UNWRITABLE = /[\0\ud800-\udfff]/;

function text(value: string | undefined): string | null {
  if (value === undefined) return null;
  const short = value.length > MAX_CHARACTERS ? value.slice(0, MAX_CHARACTERS) : value;
  return UNWRITABLE.test(short) ? short.toWellFormed().replaceAll("\0", "\ufffd") : short;
}

/** With two decimals. */
const milliseconds = (from: number, to: number | undefined): number | null =>
  to === undefined ? null : Math.round((to - from) * 100) / 100;

/**
 * The row of a request that is over: the only place that knows both a record and the table.
 * @param id of the row
 * @param time when it was over, in milliseconds since the epoch
 * @param finishedAt the same, of the monotonic clock
 * @param format the API format of its route
 */
export function rowOf(
  record: RequestRecord,
  { id, time, finishedAt, format }: { id: string; time: number; finishedAt: number; format: string },
): Row {
  const { startedAt, routing, usage, usageSource, cost } = record;
  // In the order of COLUMNS.
  return [
    id,
    time,
    record.id,
    record.route,
    format,
    text(record.principal?.name),
    text(record.provider),
    text(record.model),
    text(routing?.alias),
    routing?.tried.length ?? (record.provider === undefined ? 0 : 1),
    record.status,
    record.outcome ?? null,
    record.failure ?? null,
    record.streaming ? 1 : 0,
    usage?.inputTokens ?? null,
    usage?.outputTokens ?? null,
    usage?.cachedInputTokens ?? null,
    usage?.cacheCreationInputTokens ?? null,
    usage?.reasoningTokens ?? null,
    milliseconds(startedAt, finishedAt),
    milliseconds(startedAt, record.responseHeaderAt),
    milliseconds(startedAt, record.firstByteAt),
    milliseconds(0, routing?.queuedMs),
    record.bytesIn,
    record.bytesOut,
    text(record.client?.address),
    usageSource ?? null,
    cost === undefined || cost === null ? null : cost.toString(),
  ];
}
