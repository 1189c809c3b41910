import { SQL } from "bun";
import type { Value } from "./row.ts";

/** Where rows are kept; `url` of a Postgres server. */
export type DatabaseOptions =
  { readonly kind: "sqlite"; readonly path: string } | { readonly kind: "postgres"; readonly url: string };

/** What a statement answers: rows by the names of their columns, or how many rows it has changed. */
export interface Answer {
  readonly rows: readonly Readonly<Record<string, unknown>>[];
  readonly count: number;
}

/** Runs a statement whose parameters are written `?`, whatever the database. */
export type Run = (statement: string, parameters?: readonly Value[]) => Promise<Answer>;

/** The database cannot be asked now; what is asked again later may be answered. */
export class DatabaseAway extends Error {}

/** A connection to either kind of database. Every call is over within a time, or rejects with {@link DatabaseAway}. */
export interface HistoryDatabase {
  readonly kind: DatabaseOptions["kind"];
  readonly run: Run;
  /** Runs statements of which all count or none; of several that write, one after the other. */
  transaction<Result>(work: (run: Run) => Promise<Result>): Promise<Result>;
  close(): Promise<void>;
}

/** How long one statement may take, and in SQLite how long it waits for others that write, in milliseconds. */
const STATEMENT_MS = 10_000;
const CONNECT_SECONDS = 5;
/** Beyond what the server itself is told: one that is cut off says nothing. */
const GRACE_MS = 2000;

/** Classes of errors of Postgres in which the data is at fault: https://www.postgresql.org/docs/15/errcodes-appendix.html */
const BAD_DATA = /^(?:22|23)/;
const BAD_SQLITE_DATA = /^SQLITE_(?:CONSTRAINT|MISMATCH|TOOBIG|RANGE)/;

/** Opens it; what is wrong shows with the first statement. */
export function openDatabase(options: DatabaseOptions): HistoryDatabase {
  const { kind } = options;
  const sql = kind === "sqlite" ? openSqlite(options.path) : openPostgres(options.url);
  const begin = kind === "sqlite" ? "IMMEDIATE" : "READ WRITE";
  return {
    kind,
    run: runOn(kind, sql),
    transaction: (work) => within(sql.begin(begin, (transaction) => work(runOn(kind, transaction)))),
    async close() {
      await within(sql.close({ timeout: 0 })).catch(() => {});
    },
  };
}

/** Its statements are run while they are waited for: they belong into a thread. */
const openSqlite = (filename: string): SQL => new SQL({ adapter: "sqlite", filename });

const openPostgres = (url: string): SQL =>
  new SQL(url, {
    max: 1,
    connectionTimeout: CONNECT_SECONDS,
    // Each number of rows is another statement, and the server would remember them all.
    prepare: false,
    connection: { statement_timeout: STATEMENT_MS, application_name: "inference-gateway" },
  });

/** What a file of SQLite is told first, outside of transactions. */
export const SQLITE_PRAGMAS = [
  `PRAGMA busy_timeout = ${STATEMENT_MS}`,
  "PRAGMA journal_mode = WAL",
  "PRAGMA synchronous = NORMAL",
] as const;

function runOn(kind: DatabaseOptions["kind"], sql: Pick<SQL, "unsafe">): Run {
  return async (statement, parameters = []) => {
    const text = kind === "sqlite" ? statement : numbered(statement);
    const answer = await within(sql.unsafe<Record<string, unknown>[] & { count: number }>(text, [...parameters]));
    return { rows: [...answer], count: answer.count };
  };
}

/** As Postgres writes parameters. No statement has a question mark in a text. */
function numbered(statement: string): string {
  let number = 0;
  return statement.replaceAll("?", () => `$${++number}`);
}

async function within<Result>(call: Promise<Result>): Promise<Result> {
  const late = Promise.withResolvers<never>();
  const limit = STATEMENT_MS + GRACE_MS;
  const timer = setTimeout(() => late.reject(new DatabaseAway(`no answer within ${limit} ms`)), limit);
  try {
    return await Promise.race([call, late.promise]);
  } catch (error) {
    throw error instanceof DatabaseAway || isBadData(error) ? error : new DatabaseAway(describe(error));
  } finally {
    clearTimeout(timer);
  }
}

/** Whether it would be refused however often it is said. */
export function isBadData(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code = "", errno = "" } = error as Error & { readonly code?: unknown; readonly errno?: unknown };
  return BAD_SQLITE_DATA.test(String(code)) || (code === "ERR_POSTGRES_SERVER_ERROR" && BAD_DATA.test(String(errno)));
}

/** One line; the texts of servers and drivers quote no credentials. */
const describe = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split("\n", 1)[0] ?? "";
