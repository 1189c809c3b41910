import { join, resolve } from "node:path";
import { SettingError } from "../../core/errors.ts";
import type { RequestObserver } from "../../core/request-context.ts";
import type { KeepContent } from "../../core/request-trace.ts";
import type { DatabaseOptions } from "./database.ts";
import { createLosses, createProblems } from "./history-state.ts";
import type { HistoryView } from "./history-view.ts";
import { createContentKeeper } from "./keep-content.ts";
import { recordRequests, type RecordRequestsParts } from "./record-requests.ts";
import type { RequestDetails, RequestsPage, UsageSums } from "./run-query.ts";
import { createSpoolWriter } from "./spool-writer.ts";
import { findSegments, lockFreeSlot, openFolder, removeSpare, type Slot } from "./spool-files.ts";
import { createThreadClient } from "./thread-client.ts";

export interface HistoryOptions {
  /** The folder for what waits for the database, and for the file of SQLite. */
  readonly directory: string;
  /** Of a Postgres server; undefined for SQLite. */
  readonly databaseUrl: string | undefined;
  /** How long rows are kept, and how long their sums, in milliseconds. */
  readonly retentionMs: number;
  readonly rollUpRetentionMs: number;
  /** So many bytes may wait for the database. */
  readonly maxSpoolBytes: number;
  /** Whether what is asked and answered is kept, for how long in milliseconds, and how many bytes of it. */
  readonly keepsContent: boolean;
  readonly contentMs: number;
  readonly maxContentBytes: number;
}

export interface HistoryParts extends Pick<RecordRequestsParts, "formats" | "clock" | "timers"> {
  /** Called when the database or the disk stops or starts to take rows; undefined means that it does. */
  readonly onChange: (problem: string | undefined) => void;
  /** Called when rows begin to be lost, and with their number when that is over. */
  readonly onLost: (count: number | undefined) => void;
}

/** What became of requests, one row for each. */
export interface History extends HistoryView {
  readonly observe: RequestObserver;
  /** Keeps what calls of providers ask and are answered; undefined if that is not wanted. */
  readonly keepContent: KeepContent | undefined;
  /** How many rows were lost since the start. */
  lost(): number;
  /** What was lost, by what metrics call it: rows, and what requests asked and were answered. */
  dropped(): { readonly history: number; readonly history_content?: number };
  /** Brings in what there is, for a moment, and resolves when nothing of it is left. */
  close(): Promise<void>;
}

const DATABASE_FILE = "history.sqlite";
const SPOOL_FOLDER = "history-spool";

const SEGMENT_BYTES = 4 * 1024 * 1024;
const MAX_UNWRITTEN_BYTES = 16 * 1024 * 1024;

/** @throws SettingError if the folder or the file cannot be used. A Postgres server that is away is not waited for. */
export async function openHistory(options: HistoryOptions, parts: HistoryParts): Promise<History> {
  const { directory, databaseUrl, retentionMs, rollUpRetentionMs, contentMs, maxContentBytes } = options;
  const folder = join(directory, SPOOL_FOLDER);
  const file = join(directory, DATABASE_FILE);
  const database: DatabaseOptions =
    databaseUrl === undefined ? { kind: "sqlite", path: file } : { kind: "postgres", url: databaseUrl };
  const { slot, writer } = openSpool(folder, options.maxSpoolBytes);
  const problems = createProblems(parts.onChange);
  const losses = createLosses(parts.onLost);
  const thread = createThreadClient({
    timers: parts.timers,
    opening() {
      const segments = findSegments(folder).get(slot.number) ?? [];
      const others = segments.filter(({ number }) => number !== writer.position().segment);
      writer.readAnew(others.reduce((sum, { path }) => sum + Bun.file(path).size, 0));
      content?.reset();
      const options = { folder, database, retentionMs, rollUpRetentionMs, contentMs, maxContentBytes };
      return { options, slot: slot.number };
    },
    position: writer.position,
    onReport(said) {
      if (said.kind === "consumed") writer.consumed(said.bytes);
      else if (said.kind === "contents") content?.arrived(said.characters, said.lost);
      else if (said.kind === "state") problems.set("database", said.problem);
      else losses.tell(said.count);
    },
  });
  const content = options.keepsContent ? createContentKeeper(thread.contents) : undefined;
  const recording = recordRequests({ ...parts, writer, problems, losses, content, onWritten: thread.written });
  const close = async (): Promise<void> => {
    recording.close();
    writer.close();
    await thread.close();
    leaveSlot(folder, slot);
  };

  const { problem, isLasting } = await thread.open();
  if (isLasting) {
    await close();
    throw databaseUrl === undefined
      ? new SettingError("DATA_DIR", `the history in ${resolve(file)} cannot be used: ${problem}`)
      : new SettingError("DATABASE_URL", String(problem));
  }
  return {
    observe: recording.observe,
    usage: (query) => thread.query(query) as Promise<UsageSums>,
    requests: (query) => thread.query(query) as Promise<RequestsPage>,
    request: (query) => thread.query(query) as Promise<RequestDetails | undefined>,
    keepContent: content?.keep,
    lost: losses.total,
    dropped: () => ({ history: losses.total(), ...(content && { history_content: content.lost() }) }),
    close,
  };
}

function leaveSlot(folder: string, slot: Slot): void {
  try {
    removeSpare(folder, slot.number);
  } catch {
    // The next one that has the slot removes it.
  } finally {
    slot[Symbol.dispose]();
  }
}

/** A slot of the folder, with a new segment behind those that were left in it. */
function openSpool(folder: string, maxBytes: number) {
  try {
    openFolder(folder);
    const slot = lockFreeSlot(folder);
    try {
      // What is in it may have the number of a segment that this process writes.
      removeSpare(folder, slot.number);
      const left = findSegments(folder).get(slot.number) ?? [];
      const writer = createSpoolWriter({
        folder,
        slot: slot.number,
        firstSegment: (left.at(-1)?.number ?? 0) + 1,
        segmentBytes: SEGMENT_BYTES,
        maxBytes,
        maxUnwrittenBytes: MAX_UNWRITTEN_BYTES,
      });
      return { slot, writer };
    } catch (error) {
      slot[Symbol.dispose]();
      throw error;
    }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new SettingError("DATA_DIR", `rows cannot be kept in ${resolve(folder)}: ${reason}`);
  }
}
