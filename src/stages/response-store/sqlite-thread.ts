import { openSqliteTables, type SqliteTables } from "./sqlite-tables.ts";
import type { StoreLimits } from "./store.ts";

/*
 * This file is a module and, if a thread was started with it, what that thread does. So there is nothing else that the
 * builds of the gateway would have to know of.
 */

declare const self: Pick<Worker, "onmessage">;

/** With what its thread knows itself. */
const THREAD = "--thread-of-kept-responses";

type Calls = Omit<SqliteTables, "close">;

/** What the thread is told first. */
export interface ThreadOpening {
  readonly path: string;
  readonly limits: StoreLimits;
  /** Milliseconds since the epoch. */
  readonly time: number;
}

export type ThreadCall = {
  [Name in keyof Calls]: { readonly id: number; readonly name: Name; readonly values: Parameters<Calls[Name]> };
}[keyof Calls];

/** What the thread says: of a call, or with no id of its opening. */
export interface ThreadAnswer {
  readonly id: number | undefined;
  readonly result?: unknown;
  /** What SQLite has against it. */
  readonly problem?: string;
}

/**
 * Starts the thread: SQLite answers at once or not at all, and to write a response of 1 MB takes it 5 to 20 ms. It does one
 * thing after the other, and ends when it is told `close`.
 */
export const startSqliteThread = (): Worker => new Worker(import.meta.url, { argv: [THREAD], smol: true });

if (!Bun.isMainThread && process.argv.includes(THREAD)) serve();

function serve(): void {
  let tables: SqliteTables | undefined;
  const answer = (id: number | undefined, work: () => unknown): void => {
    let said: ThreadAnswer;
    try {
      said = { id, result: work() };
    } catch (error) {
      said = { id, problem: error instanceof Error ? error.message : String(error) };
    }
    postMessage(said);
  };

  self.onmessage = ({ data }: MessageEvent<ThreadOpening | ThreadCall | "close">) => {
    if (data === "close") {
      tables?.close();
      // A thread that hears nothing more ends by itself.
      self.onmessage = null;
      return;
    }
    if ("path" in data) {
      answer(undefined, () => {
        tables = openSqliteTables(data.path, data.limits, data.time);
      });
    } else answer(data.id, () => tables && call(tables, data));
  };
}

function call(tables: SqliteTables, { name, values }: ThreadCall): unknown {
  switch (name) {
    case "put":
      return tables.put(...values);
    case "read":
      return tables.read(...values);
    case "find":
      return tables.find(...values);
    case "remove":
      return tables.remove(...values);
  }
}
