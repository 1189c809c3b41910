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

/** The columns that count tokens: they are written to the spool and summed in this order. */
export const TOKEN_COLUMNS = [
  "input_tokens",
  "output_tokens",
  "cached_input_tokens",
  "cache_creation_tokens",
  "reasoning_tokens",
] as const satisfies readonly ColumnName[];

/** One value; a cost is written in digits, because it may be more than a number holds exactly. */
export type Value = string | number | null;

/** The values of one row, one for each of {@link COLUMNS}. */
export type Row = readonly Value[];

const INDEXES = new Map<string, number>(COLUMNS.map(([name], index) => [name, index]));

/** Where in a row a column is. */
export const indexOf = (name: ColumnName): number => INDEXES.get(name) ?? 0;

/** 0 if there is none. */
export const numberAt = (row: Row, index: number): number => {
  const value = row[index];
  return typeof value === "number" ? value : 0;
};
