import { Database } from "bun:sqlite";
import {
  type Answer,
  DatabaseAway,
  DataRefused,
  describeError,
  type HistoryDatabase,
  STATEMENT_MS,
} from "./database.ts";
import { createPrivately } from "./spool-files.ts";
import type { Value } from "./row.ts";

/** Of these a statement is prepared once, which costs more than to run it: 2 us a row, 5 if it is prepared each time. */
const ROWS_AT_ONCE = 10;

/** See https://www.sqlite.org/rescode.html */
const BAD_DATA = /^SQLITE_(?:CONSTRAINT|MISMATCH|TOOBIG|RANGE)/;

const READS = /^\s*SELECT\b/i;

/**
 * Opens a file of SQLite, which is made if it is not there. Its statements are run while they are waited for: it belongs
 * into a thread.
 * @throws DatabaseAway
 */
export function openSqlite(path: string): HistoryDatabase {
  const database = attempt(() => {
    createPrivately(path);
    return new Database(path, { readwrite: true });
  });
  const run = (statement: string, parameters: readonly Value[] = []): Answer =>
    attempt(() => {
      const prepared = database.query<Record<string, unknown>, Value[]>(statement);
      if (READS.test(statement)) return { rows: prepared.all(...parameters), count: 0 };
      return { rows: [], count: prepared.run(...parameters).changes };
    });
  try {
    attempt(() => {
      database.run(`PRAGMA busy_timeout = ${STATEMENT_MS}`);
      // Readers and the one that writes do not wait for each other. A loss of power may cost the last rows, never the file.
      database.run("PRAGMA journal_mode = WAL");
      database.run("PRAGMA synchronous = NORMAL");
      // Pages are copied into the file after 16 MB and not after 4: those that were written several times only once.
      database.run("PRAGMA wal_autocheckpoint = 4000");
    });
  } catch (error) {
    database.close();
    throw error;
  }
  return {
    kind: "sqlite",
    rowsAtOnce: ROWS_AT_ONCE,
    run: async (...call) => run(...call),
    async transaction(work) {
      attempt(() => database.run("BEGIN IMMEDIATE"));
      try {
        const result = await work(async (...call) => run(...call));
        attempt(() => database.run("COMMIT"));
        return result;
      } catch (error) {
        // A full disk may have ended it already.
        if (database.inTransaction) database.run("ROLLBACK");
        throw error;
      }
    },
    close: async () => database.close(),
  };
}

function attempt<Result>(work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    throw new (BAD_DATA.test(code) ? DataRefused : DatabaseAway)(describeError(error));
  }
}
