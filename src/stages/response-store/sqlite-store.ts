import { Database } from "bun:sqlite";
import { chmodSync, closeSync, openSync, statSync } from "node:fs";
import { prepareDatabase } from "./sqlite-schema.ts";
import { type ResponseStore, sizeOf, type StoreLimits, StoreUnavailable } from "./store.ts";

export interface SqliteStoreParts {
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** Milliseconds of a monotonic clock. */
  readonly now: () => number;
}

/** For its owner alone: it holds what people said. */
const FILE_MODE = 0o600;
const OTHERS = 0o077;

/** So many that are too old are dropped with each that is kept. */
const MAX_EXPIRED = 64;

/** How long a call waits that finds the file locked, in milliseconds; at first, and at most. */
const FIRST_WAIT_MS = 1;
const LONGEST_WAIT_MS = 32;

/**
 * Opens a store in an SQLite file, which several processes of one machine may share.
 * @throws Error if the file cannot be used
 */
export function openSqliteStore(path: string, limits: StoreLimits, parts: SqliteStoreParts): ResponseStore {
  createPrivately(path);
  const database = new Database(path, { readwrite: true, strict: true });
  try {
    prepareDatabase(database);
  } catch (error) {
    database.close();
    throw error;
  }
  const run = createRun(limits.timeoutMs, parts.now);
  const oldest = (): number => parts.clock() - limits.ttlMs;
  const text = database.query<{ text: string }, [string, string, number]>(
    "SELECT text FROM responses JOIN texts USING (id) WHERE id = ? AND owner = ? AND used > ?",
  );
  const holder = database.query<{ id: string }, [string, string]>("SELECT id FROM items WHERE owner = ? AND item = ?");
  const drop = database.query("DELETE FROM responses WHERE id = ? AND owner = ? AND used > ?");
  const put = preparePut(database, limits, parts);

  return {
    async put(entry) {
      const bytes = sizeOf(entry, limits);
      await run(() => put.immediate(entry, bytes));
    },
    read: (owner, ids) => run(() => ids.map((id) => text.get(id, owner, oldest())?.text)),
    find: (owner, items) => run(() => items.map((item) => holder.get(owner, item)?.id)),
    remove: (owner, id) => run(() => drop.run(id, owner, oldest()).changes > 0),
    close: () => database.close(),
  };
}

/** The file and what SQLite puts beside it get their mode from this one. */
function createPrivately(path: string): void {
  closeSync(openSync(path, "a", FILE_MODE));
  if ((statSync(path).mode & OTHERS) !== 0) chmodSync(path, FILE_MODE);
}

function preparePut(database: Database, limits: StoreLimits, { clock }: SqliteStoreParts) {
  const expire = database.query(
    `DELETE FROM responses WHERE id IN (SELECT id FROM responses WHERE used <= ? ORDER BY used LIMIT ${MAX_EXPIRED})`,
  );
  const insert = database.query("INSERT INTO responses (id, owner, used, bytes) VALUES (?, ?, ?, ?)");
  const insertText = database.query("INSERT INTO texts (id, text) VALUES (?, ?)");
  const insertItem = database.query("INSERT OR REPLACE INTO items (owner, item, id) VALUES (?, ?, ?)");
  const touch = database.query("UPDATE responses SET used = ? WHERE id = ? AND owner = ?");
  const total = database.query<{ bytes: number }, [string]>("SELECT bytes FROM totals WHERE owner = ?");
  const dropOldest = database.query(
    "DELETE FROM responses WHERE id = (SELECT id FROM responses WHERE id <> ? ORDER BY used LIMIT 1)",
  );
  const dropOldestOf = database.query(
    "DELETE FROM responses WHERE id = (SELECT id FROM responses WHERE owner = ? AND id <> ? ORDER BY used LIMIT 1)",
  );
  const bytesOf = (owner: string): number => total.get(owner)?.bytes ?? 0;

  return database.transaction((entry: Parameters<ResponseStore["put"]>[0], bytes: number) => {
    const { id, owner, items, chain } = entry;
    const used = clock();
    expire.run(used - limits.ttlMs);
    insert.run(id, owner, used, bytes);
    insertText.run(id, entry.text);
    for (const item of items) insertItem.run(owner, item, id);
    for (const earlier of chain) touch.run(used, earlier, owner);
    while (bytesOf(owner) > limits.maxOwnerBytes) if (dropOldestOf.run(owner, id).changes === 0) break;
    while (bytesOf("") > limits.maxBytes) if (dropOldest.run(id).changes === 0) break;
  });
}

/** Makes what does one piece of work, again as long as another process has the file locked. */
function createRun(timeoutMs: number, now: () => number) {
  return async <Result>(work: () => Result): Promise<Result> => {
    const until = now() + timeoutMs;
    for (let wait = FIRST_WAIT_MS; ; wait = Math.min(wait * 2, LONGEST_WAIT_MS)) {
      try {
        return work();
      } catch (error) {
        const code = codeOf(error);
        if (!code.startsWith("SQLITE_BUSY")) throw new StoreUnavailable(`${code}: ${String(error)}`, { cause: error });
        if (now() >= until) throw new StoreUnavailable("the file is locked", { cause: error });
      }
      await Bun.sleep(wait);
    }
  };
}

const codeOf = (error: unknown): string =>
  error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
