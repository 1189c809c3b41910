import { type DatabaseOptions, type HistoryDatabase, NewerDatabase } from "./database.ts";
import { openDatabase } from "./open-database.ts";
import { migrate } from "./migrations.ts";
import { createSpoolReader, type SpoolReader } from "./spool-reader.ts";
import { findSegments, lockSlot, removeSpare, type Slot, type SpoolPosition } from "./spool-files.ts";
import type { ContentMessage } from "./content-message.ts";
import { createContentQueue } from "./content-queue.ts";
import { openTables, type Tables, type TablesOptions } from "./tables.ts";

export interface IngestOptions extends TablesOptions {
  readonly folder: string;
  readonly database: DatabaseOptions;
}

export interface IngestParts {
  /** The slot of this process, and how far it is written, if it still is. */
  readonly slot: number;
  readonly live: () => SpoolPosition | undefined;
  /** So many bytes of the own slot are done with. */
  readonly onConsumed: (bytes: number) => void;
  /** Rows that will not be in the table: too old, refused by the database, or damaged. */
  readonly onDropped: (count: number) => void;
  /** So many characters of contents are done with, and so many contents of them are lost. */
  readonly onContents: (characters: number, lost: number) => void;
}

/** Brings rows from the spool into the database. Its calls must not overlap. */
export interface Ingest {
  /** The database, once it has its tables. @throws DatabaseAway, NewerDatabase */
  open(): Promise<HistoryDatabase>;
  /** Takes what is to be brought in after the rows. */
  addContents(contents: readonly ContentMessage[]): void;
  /**
   * Brings in a batch of rows, or of contents.
   * @returns whether there was one
   * @throws DatabaseAway, NewerDatabase
   */
  step(): Promise<boolean>;
  /** Takes over what processes have left behind that are gone. */
  adopt(): void;
  /** Removes a part of what is too old. @returns whether there may be more */
  expire(): Promise<boolean>;
  close(): Promise<void>;
}

/** What a process has left behind that is gone. */
interface Orphan {
  readonly slot: Slot;
  readonly reader: SpoolReader;
}

export function createIngest(
  options: IngestOptions,
  { slot, live, onConsumed, onDropped, onContents }: IngestParts,
): Ingest {
  const { folder } = options;
  const own = createSpoolReader(folder, slot, live);
  const contents = createContentQueue(onContents);
  let orphans: Orphan[] = [];
  let opened: { readonly database: HistoryDatabase; readonly tables: Tables } | undefined;

  const open = async () => {
    if (opened) return opened;
    const database = await openDatabase(options.database);
    try {
      await migrate(database);
      opened = { database, tables: await openTables(database, options) };
    } catch (error) {
      await database.close();
      throw error;
    }
    return opened;
  };
  /** After a failure everything begins anew: nobody knows what a connection that has failed still does. */
  const using = async <Result>(work: (tables: Tables) => Promise<Result>): Promise<Result> => {
    const { database, tables } = await open();
    try {
      return await work(tables);
    } catch (error) {
      opened = undefined;
      await database.close();
      throw error;
    }
  };
  /** @returns how many bytes it was */
  const bringIn = async (reader: SpoolReader): Promise<number> => {
    const batch = reader.next();
    if (!batch) return 0;
    const { dropped } = await using((tables) => tables.insert(batch.rows, Date.now()));
    reader.take();
    if (dropped + batch.damaged > 0) onDropped(dropped + batch.damaged);
    return batch.bytes;
  };

  return {
    open: async () => (await open()).database,
    addContents: contents.add,
    async step() {
      // What was left behind is older.
      for (const orphan of [...orphans]) {
        if ((await bringIn(orphan.reader)) > 0) return true;
        removeSpare(folder, orphan.slot.number);
        orphan.slot[Symbol.dispose]();
        orphans = orphans.filter((other) => other !== orphan);
      }
      const bytes = await bringIn(own);
      if (bytes > 0) onConsumed(bytes);
      return bytes > 0 || contents.step((batch) => using((tables) => tables.insertContents(batch)));
    },
    adopt() {
      for (const number of findSegments(folder).keys()) {
        if (number === slot || orphans.some((orphan) => orphan.slot.number === number)) continue;
        const left = lockSlot(folder, number);
        if (left) orphans.push({ slot: left, reader: createSpoolReader(folder, number, () => undefined) });
      }
    },
    expire: () => using((tables) => tables.expire(Date.now())),
    async close() {
      for (const orphan of orphans) orphan.slot[Symbol.dispose]();
      orphans = [];
      await opened?.database.close();
      opened = undefined;
    },
  };
}

/** What an operator is told of an error. */
export const problemOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Whether it will not help to try again: a file that is no database, or one of a later version. */
export const isLasting = ({ kind }: DatabaseOptions, error: unknown): boolean =>
  error instanceof NewerDatabase || (kind === "sqlite" && !/locked|full/i.test(problemOf(error)));
