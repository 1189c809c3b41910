import { DatabaseAway, DatabaseFault, DataRefused, type HistoryDatabase, type Run } from "./database.ts";
import { createInsertRows, type Insertion, type InsertRows } from "./insert-rows.ts";
import { type ContentsOptions, expireContents, insertContents, trimContents } from "./contents.ts";
import { createKnownModels } from "./known-models.ts";
import { type AddToHours, createAddToHours, HOUR_MS } from "./roll-ups.ts";
import { COLUMNS, indexOf, numberAt, type Row } from "./row.ts";
import { lowestId } from "./row-id.ts";
import type { ContentMessage } from "./content-message.ts";

export interface TablesOptions extends ContentsOptions {
  /** How long rows are kept, and how long their sums, in milliseconds. */
  readonly retentionMs: number;
  readonly rollUpRetentionMs: number;
}

/** What became of rows. */
export interface Inserted {
  /** How many were not there yet. */
  readonly count: number;
  /** How many are too old to be kept, or refused by the database. */
  readonly dropped: number;
}

/** The tables of the history, in a database that has them. */
export interface Tables {
  /**
   * Adds rows, and their sums; rows that are there already change nothing.
   * @param time now, in milliseconds since the epoch
   * @throws DatabaseAway
   */
  insert(rows: readonly Row[], time: number): Promise<Inserted>;
  /** Adds what requests asked and were answered. @returns how many of them the database refuses, which are lost */
  insertContents(contents: readonly ContentMessage[]): Promise<number>;
  /** Removes what is too old, a bounded part at a time. @returns whether there may be more */
  expire(time: number): Promise<boolean>;
}

/** So many are removed by one statement: 10 ms in SQLite. */
const EXPIRED_AT_ONCE = 1000;

/** So often it is looked, while as much comes as may be there. */
const LOOKS = 16;

const INSERTION: Insertion = {
  table: "requests",
  columns: COLUMNS.map(([name]) => name),
  end: "ON CONFLICT (id) DO NOTHING",
};

const ID = indexOf("id");
const TIME = indexOf("time");

export async function openTables(database: HistoryDatabase, options: TablesOptions): Promise<Tables> {
  const parts: InsertParts = {
    database,
    insertRows: createInsertRows(database, INSERTION),
    addToHours: createAddToHours(database, await createKnownModels(database.run, Date.now())),
  };
  /** So many bytes of contents came since it was looked how many there are. */
  let unlooked = 0;
  return {
    async insert(rows, time) {
      const oldest = time - options.retentionMs;
      const isKept = (row: Row): boolean => numberAt(row, TIME) > oldest;
      const kept = rows.every(isKept) ? rows : rows.filter(isKept);
      const { count, dropped } = await insertAll(parts, kept);
      return { count, dropped: dropped + rows.length - kept.length };
    },
    async insertContents(contents) {
      const { bytes, refused } = await insertContents(database, contents);
      unlooked += bytes;
      if (unlooked <= options.maxContentBytes / LOOKS) return refused;
      while (await trimContents(database.run, options));
      unlooked = 0;
      return refused;
    },
    async expire(time) {
      if (await expireContents(database.run, options, time)) return true;
      if (await trimContents(database.run, options)) return true;
      const { count } = await database.run(
        "DELETE FROM requests WHERE id IN (SELECT id FROM requests WHERE id < ? ORDER BY id LIMIT ?)",
        [lowestId(time - options.retentionMs), EXPIRED_AT_ONCE],
      );
      if (count === EXPIRED_AT_ONCE) return true;
      await database.run("DELETE FROM hourly WHERE hour < ?", [time - options.rollUpRetentionMs - HOUR_MS]);
      return false;
    },
  };
}

interface InsertParts {
  readonly database: HistoryDatabase;
  readonly insertRows: InsertRows;
  readonly addToHours: AddToHours;
}

/** In one transaction; rows that the database refuses are found by halves and left out, so that they hold up no others. */
async function insertAll(parts: InsertParts, rows: readonly Row[]): Promise<Inserted> {
  if (rows.length === 0) return { count: 0, dropped: 0 };
  try {
    return { count: await insertNew(parts, rows), dropped: 0 };
  } catch (error) {
    if (!(error instanceof DataRefused)) throw error;
    if (rows.length === 1) return { count: 0, dropped: 1 };
    const half = rows.length >> 1;
    const first = await insertAll(parts, rows.slice(0, half));
    const second = await insertAll(parts, rows.slice(half));
    return { count: first.count + second.count, dropped: first.dropped + second.dropped };
  }
}

/** Some of the rows are in the table already: a transaction of theirs was over when its process was killed. */
class SomeAreKnown extends DatabaseFault {}

/**
 * Rows that are known are looked for only when it has shown that there are some: to be told of each row whether it is new
 * costs a third more, and a savepoint to go back to, in SQLite, as much.
 * @returns how many were new
 */
async function insertNew(parts: InsertParts, rows: readonly Row[]): Promise<number> {
  const { database, insertRows, addToHours } = parts;
  const insert = async (run: Run, added: readonly Row[]): Promise<number> => {
    if ((await insertRows(run, added)) < added.length) throw new SomeAreKnown();
    await addToHours(run, added);
    return added.length;
  };
  try {
    return await database.transaction((run) => insert(run, rows));
  } catch (error) {
    if (!(error instanceof SomeAreKnown)) throw error;
  }
  try {
    return await database.transaction(async (run) => insert(run, await findNew(run, rows)));
  } catch (error) {
    throw error instanceof SomeAreKnown ? new DatabaseAway("another process writes the same rows") : error;
  }
}

/** Those that are not in the table, each once. */
async function findNew(run: Run, rows: readonly Row[]): Promise<readonly Row[]> {
  const byId = new Map(rows.map((row) => [row[ID], row]));
  const places = Array.from({ length: byId.size }, () => "?").join(", ");
  const found = await run(`SELECT id FROM requests WHERE id IN (${places})`, [...byId.keys()].map(String));
  for (const { id } of found.rows) byId.delete(String(id));
  return [...byId.values()];
}
