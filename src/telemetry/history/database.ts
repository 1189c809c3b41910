import type { Value } from "./row.ts";

/** Where rows are kept; `url` of a Postgres server. */
export type DatabaseOptions =
  { readonly kind: "sqlite"; readonly path: string } | { readonly kind: "postgres"; readonly url: string };

/** What a statement answers: rows by the names of their columns, or how many rows it has changed. */
export interface Answer {
  readonly rows: readonly Readonly<Record<string, unknown>>[];
  readonly count: number;
}

/** Runs a statement whose parameters are written `?`, or all of them `?1`, `?2` and so on, whatever the database. */
export type Run = (statement: string, parameters?: readonly Value[]) => Promise<Answer>;

/** What all calls reject with. */
export class DatabaseFault extends Error {}

/** The database cannot be asked now; what is asked again later may be answered. */
export class DatabaseAway extends DatabaseFault {}

/** Data is at fault: the same would be refused however often it is said. */
export class DataRefused extends DatabaseFault {}

/** A database was made by a later version of the gateway, whose tables this one does not know. */
export class NewerDatabase extends DatabaseFault {}

/** A connection to either kind of database. Every call is over within a time, and rejects with a {@link DatabaseFault}. */
export interface HistoryDatabase {
  readonly kind: DatabaseOptions["kind"];
  /** How many rows one statement is best to insert: as many as there are of these, the most first, and in one what is left. */
  readonly rowsAtOnce: readonly number[];
  readonly run: Run;
  /** Runs statements of which all count or none; of several that write, one after the other. */
  transaction<Result>(work: (run: Run) => Promise<Result>): Promise<Result>;
  close(): Promise<void>;
}

/** How long one statement may take, and in SQLite how long it waits for others that write, in milliseconds. */
export const STATEMENT_MS = 10_000;

/** One line; the texts of servers and drivers quote no credentials. */
export const describeError = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split("\n", 1)[0] ?? "";
