import type { IngestOptions } from "./ingest.ts";
import type { ContentMessage } from "./content-message.ts";
import type { HistoryQuery } from "./queries.ts";

/** With what the thread of the history opens. */
export interface ThreadOpening {
  readonly options: IngestOptions;
  /** Of this process. */
  readonly slot: number;
  /** The segment of it that is being written. */
  readonly segment: number;
}

/** What the thread is told: first how to open, then what was written, what is asked, and that it is to end. */
export type ThreadMessage =
  | ({ readonly kind: "open" } & ThreadOpening)
  | { readonly kind: "written"; readonly segment: number }
  | { readonly kind: "contents"; readonly contents: readonly ContentMessage[] }
  | { readonly kind: "query"; readonly id: number; readonly query: HistoryQuery }
  | { readonly kind: "close" };

/** It reads. `problem`: why the database cannot be used yet; `isLasting` if that will stay so. */
export interface OpenedReport {
  readonly kind: "opened";
  readonly problem: string | undefined;
  readonly isLasting: boolean;
}

/** What became of rows, and of the database: `problem` is why it takes none, undefined if it does again. */
export type StateReport =
  | { readonly kind: "consumed"; readonly bytes: number }
  | { readonly kind: "dropped"; readonly count: number }
  /** So many characters of contents are done with, and so many contents of them are lost. */
  | { readonly kind: "contents"; readonly characters: number; readonly lost: number }
  | { readonly kind: "state"; readonly problem: string | undefined };

/** What the thread says. */
export type ThreadReport =
  | OpenedReport
  | StateReport
  | { readonly kind: "answer"; readonly id: number; readonly result?: unknown; readonly problem?: string };
