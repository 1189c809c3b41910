import { Database } from "bun:sqlite";
import { prepareDatabase } from "./sqlite-schema.ts";
import type { ResponseStore, StoreEntry, StoreLimits } from "./store.ts";

/** A store in an SQLite file, each of whose calls is over when it returns, or throws what SQLite throws. */
export interface SqliteTables {
  /** @param time milliseconds since the epoch, as in all calls */
  put(time: number, entry: StoreEntry, bytes: number): void;
  read(time: number, owner: string, ids: readonly string[]): Awaited<ReturnType<ResponseStore["read"]>>;
  find(time: number, owner: string, items: readonly string[]): Awaited<ReturnType<ResponseStore["find"]>>;
  remove(time: number, owner: string, id: string): boolean;
  close(): void;
}

/** So many that are too old are dropped with each that is kept, and at the start. */
const MAX_EXPIRED = 64;
const MAX_EXPIRED_AT_START = 10_000;

/**
 * @param path of a file that is there; it may be empty
 * @param time now, in milliseconds since the epoch
 * @throws Error if it cannot be used
 */
export function openSqliteTables(path: string, limits: StoreLimits, time: number): SqliteTables {
  const database = new Database(path, { readwrite: true, strict: true });
  try {
    prepareDatabase(database, limits.timeoutMs);
    expireUpTo(database, MAX_EXPIRED_AT_START).run(time - limits.ttlMs);
  } catch (error) {
    database.close();
    throw error;
  }
  const text = database.query<{ text: string }, [string, string, number]>(
    "SELECT text FROM responses JOIN texts USING (id) WHERE id = ? AND owner = ? AND used > ?",
  );
  const holder = database.query<{ id: string }, [string, string]>("SELECT id FROM items WHERE owner = ? AND item = ?");
  const drop = database.query("DELETE FROM responses WHERE id = ? AND owner = ? AND used > ?");
  const put = preparePut(database, limits);

  return {
    put: (time, entry, bytes) => put.immediate(time, entry, bytes),
    read: (time, owner, ids) => ids.map((id) => text.get(id, owner, time - limits.ttlMs)?.text),
    find: (_, owner, items) => items.map((item) => holder.get(owner, item)?.id),
    remove: (time, owner, id) => drop.run(id, owner, time - limits.ttlMs).changes > 0,
    close: () => database.close(),
  };
}

function preparePut(database: Database, limits: StoreLimits) {
  const expire = expireUpTo(database, MAX_EXPIRED);
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

  return database.transaction((time: number, { id, owner, text, items, chain }: StoreEntry, bytes: number) => {
    expire.run(time - limits.ttlMs);
    insert.run(id, owner, time, bytes);
    insertText.run(id, text);
    for (const item of items) insertItem.run(owner, item, id);
    for (const earlier of chain) touch.run(time, earlier, owner);
    while (bytesOf(owner) > limits.maxOwnerBytes) if (dropOldestOf.run(owner, id).changes === 0) break;
    while (bytesOf("") > limits.maxBytes) if (dropOldest.run(id).changes === 0) break;
  });
}

const expireUpTo = (database: Database, count: number) =>
  database.query(
    `DELETE FROM responses WHERE id IN (SELECT id FROM responses WHERE used <= ? ORDER BY used LIMIT ${count})`,
  );
