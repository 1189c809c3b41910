import type { IngestOptions } from "./ingest.ts";
import type { ContentMessage } from "./content-message.ts";
import type { HistoryQuery } from "./queries.ts";
import type { SpoolPosition } from "./spool-files.ts";

/** With what the thread of the history opens. */
export interface ThreadOpening {
  readonly options: IngestOptions;
  /** Of this process. */
  readonly slot: number;
  readonly position: SpoolPosition;
}

/** What is asked when rows are written so far, which the answer counts. */
export interface AskedQuery {
  readonly id: number;
  readonly query: HistoryQuery;
  readonly position: SpoolPosition;
}

/** What the thread is told: first how to open, then what was written, what is asked, and that it is to end. */
export type ThreadMessage =
  | ({ readonly kind: "open" } & ThreadOpening)
  | { readonly kind: "written"; readonly position: SpoolPosition }
  | { readonly kind: "contents"; readonly contents: readonly ContentMessage[] }
  | ({ readonly kind: "query" } & AskedQuery)
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
