import { SQL } from "bun";
import {
  DatabaseAway,
  DatabaseFault,
  DataRefused,
  describeError,
  type HistoryDatabase,
  type Run,
  STATEMENT_MS,
} from "./database.ts";

const CONNECT_SECONDS = 5;
/** Beyond what the server itself is told: one that is cut off says nothing. */
const LONGEST_STATEMENT_MS = STATEMENT_MS + 2000;
/** Of all statements of one together. */
const TRANSACTION_MS = 60_000;
/** A server is asked as seldom as can be. */
const ROWS_AT_ONCE = [500];

/** Classes of errors in which the data is at fault: https://www.postgresql.org/docs/15/errcodes-appendix.html */
const BAD_DATA = /^(?:22|23)/;

/** Opens a connection to a server with the first statement. */
export function openPostgres(url: string): HistoryDatabase {
  const sql = new SQL(url, {
    max: 1,
    connectionTimeout: CONNECT_SECONDS,
    // Each number of rows is another statement, and the server would remember them all.
    prepare: false,
    connection: { statement_timeout: STATEMENT_MS, application_name: "inference-gateway" },
  });
  return {
    kind: "postgres",
    rowsAtOnce: ROWS_AT_ONCE,
    run: runOn(sql),
    transaction: (work) =>
      within(
        sql.begin((transaction) => work(runOn(transaction))),
        TRANSACTION_MS,
      ),
    async close() {
      await within(sql.close({ timeout: 0 })).catch(() => {});
    },
  };
}

function runOn(sql: Pick<SQL, "unsafe">): Run {
  return async (statement, parameters = []) => {
    const text = numbered(statement);
    const answer = await within(sql.unsafe<Record<string, unknown>[] & { count: number }>(text, [...parameters]));
    return { rows: [...answer], count: answer.count };
  };
}

/** As Postgres writes parameters. No statement has a question mark in a text. */
function numbered(statement: string): string {
  let number = 0;
  return statement.replace(/\?(\d*)/g, (_, given: string) => `$${given === "" ? ++number : given}`);
}

async function within<Result>(call: Promise<Result>, limit = LONGEST_STATEMENT_MS): Promise<Result> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new DatabaseAway(`no answer within ${limit} ms`)), limit);
  try {
    return await Promise.race([call, late.promise]);
  } catch (error) {
    throw understood(error);
  } finally {
    clearTimeout(timer);
  }
}

function understood(error: unknown): Error {
  if (error instanceof DatabaseFault) return error;
  const { code, errno } = error as { readonly code?: unknown; readonly errno?: unknown };
  const isBad = code === "ERR_POSTGRES_SERVER_ERROR" && BAD_DATA.test(String(errno));
  return new (isBad ? DataRefused : DatabaseAway)(describeError(error));
}
