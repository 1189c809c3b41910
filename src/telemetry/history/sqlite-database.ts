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

/**
 * Of these a statement is prepared once, which costs more than to run it: 2 µs a row, 5 if it is prepared each time. 100 at
 * once take 12 % less than 20.
 */
const ROWS_AT_ONCE = [100, 20, 1];

/** See https://www.sqlite.org/rescode.html */
const BAD_DATA = /^SQLITE_(?:CONSTRAINT|MISMATCH|TOOBIG|RANGE)/;

/**
 * Of a file that is made now. Each page is written twice, first into the log, so that fewer of them cost less: 0.5 µs a row,
 * and 0.8 with those of 4 KB.
 */
const PAGE_BYTES = 16 * 1024;

/** Pages are copied into the file when the log has so much, 16 MB and not 4: those that were written several times only once. */
const CHECKPOINT_BYTES = 16 * 1024 * 1024;

const LOCKED_POLL_MS = 5;

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
  const statements = createStatements(database);
  const run = (statement: string, parameters: readonly Value[] = []): Answer =>
    attempt(() => {
      const prepared = statements.prepare(statement);
      if (READS.test(statement)) return { rows: prepared.all(...parameters), count: 0 };
      return { rows: [], count: prepared.run(...parameters).changes };
    });
  try {
    attempt(() => {
      database.run(`PRAGMA page_size = ${PAGE_BYTES}`);
      database.run(`PRAGMA busy_timeout = ${STATEMENT_MS}`);
      // Readers and the one that writes do not wait for each other. A loss of power may cost the last rows, never the file.
      useLog(database);
      database.run("PRAGMA synchronous = NORMAL");
      // A statement that may have to be undone notes pages, else in a file of its own each time.
      database.run("PRAGMA temp_store = MEMORY");
      database.run(`PRAGMA wal_autocheckpoint = ${Math.ceil(CHECKPOINT_BYTES / pageBytesOf(database))}`);
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
    async close() {
      statements.close();
      database.close();
    },
  };
}

/** Those of a file that was there before are what they were. */
const pageBytesOf = (database: Database): number =>
  database.prepare<{ page_size: number }, []>("PRAGMA page_size").get()?.page_size ?? PAGE_BYTES;

/** So many statements are kept; the runtime itself keeps the first 20 there ever were, and prepares others each time. */
const MAX_STATEMENTS = 16;

/** Prepares statements, and keeps the latest of them. */
function createStatements(database: Database) {
  const kept = new Map<string, ReturnType<typeof database.prepare<Record<string, unknown>, Value[]>>>();
  const forget = (text: string): void => {
    kept.get(text)?.finalize();
    kept.delete(text);
  };
  return {
    prepare(text: string) {
      const known = kept.get(text);
      if (known) return known;
      const prepared = database.prepare<Record<string, unknown>, Value[]>(text);
      const [oldest] = kept.keys();
      if (oldest !== undefined && kept.size >= MAX_STATEMENTS) forget(oldest);
      kept.set(text, prepared);
      return prepared;
    },
    /** A database with statements that are kept is not closed. */
    close: () => [...kept.keys()].forEach(forget),
  };
}

/**
 * Has a file written by way of a log. While another process makes its tables SQLite refuses that at once, whatever the
 * `busy_timeout` is; so it is tried again for as long.
 */
function useLog(database: Database): void {
  for (const until = performance.now() + STATEMENT_MS; ; Bun.sleepSync(LOCKED_POLL_MS)) {
    try {
      database.run("PRAGMA journal_mode = WAL");
      return;
    } catch (error) {
      if (codeOf(error) !== "SQLITE_BUSY" || performance.now() > until) throw error;
    }
  }
}

const codeOf = (error: unknown): string => (error instanceof Error && "code" in error ? String(error.code) : "");

function attempt<Result>(work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    throw new (BAD_DATA.test(codeOf(error)) ? DataRefused : DatabaseAway)(describeError(error));
  }
}
