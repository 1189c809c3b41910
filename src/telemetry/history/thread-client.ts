import { createAwaitedAnswers } from "../../core/awaited-answers.ts";
import type { TimerSource } from "../../core/deadlines.ts";
import { HistoryUnavailable } from "./history-view.ts";
import type { HistoryQuery } from "./queries.ts";
import type { ContentMessage } from "./content-message.ts";
import { startHistoryThread } from "./history-thread.ts";
import type { SpoolPosition } from "./spool-files.ts";
import type { OpenedReport, StateReport, ThreadMessage, ThreadOpening, ThreadReport } from "./thread-messages.ts";

export interface ThreadClientParts {
  readonly timers: TimerSource;
  /** What the thread opens with, each time that it begins anew. */
  readonly opening: () => Omit<ThreadOpening, "position">;
  readonly onReport: (report: StateReport) => void;
  /** How far rows are written. */
  readonly position: () => SpoolPosition;
}

/** The thread that brings rows into the database, and asks it. */
export interface ThreadClient {
  /** Resolves when it reads; with what is wrong with the database, if something is. */
  open(): Promise<OpenedReport>;
  /** Rows were written. */
  written(): void;
  contents(contents: readonly ContentMessage[]): void;
  /** Rejects with {@link HistoryUnavailable}. */
  query(query: HistoryQuery): Promise<unknown>;
  /** Resolves when it has ended. */
  close(): Promise<void>;
}

const QUERY_MS = 15_000;
/** More queries do not wait for the thread: it answers one after the other. */
const MAX_QUERIES = 100;
/** Beyond what the thread itself takes at the end. */
const CLOSE_MS = 5000;
/** A thread that has ended by itself is followed by another one after so long. */
const RESTART_MS = 1000;

export function createThreadClient({ timers, opening, onReport, position }: ThreadClientParts): ThreadClient {
  const queries = createAwaitedAnswers({
    timers,
    timeoutMs: QUERY_MS,
    max: MAX_QUERIES,
    waiters: "queries wait for it",
    unavailable: (problem) => new HistoryUnavailable(problem),
  });
  const ended = Promise.withResolvers<void>();
  const opened = Promise.withResolvers<OpenedReport>();
  let isClosing = false;
  let worker: Worker;
  const tell = (message: ThreadMessage): void => worker.postMessage(message);

  const hear = (report: ThreadReport): void => {
    if (report.kind === "opened") {
      // It does not keep the process alive.
      worker.unref();
      // The first one is waited for; a later one follows one that has ended.
      if (!report.isLasting) onReport({ kind: "state", problem: report.problem });
      return opened.resolve(report);
    }
    if (report.kind !== "answer") return onReport(report);
    queries.answered(report.id, report.result, report.problem);
  };
  const start = (): void => {
    let problem = "its thread has ended";
    worker = startHistoryThread();
    worker.addEventListener("message", ({ data }: MessageEvent<ThreadReport>) => hear(data));
    worker.addEventListener("error", ({ message }) => (problem = message));
    worker.addEventListener("close", () => {
      queries.endAll(problem);
      opened.resolve({ kind: "opened", problem, isLasting: true });
      if (isClosing) return ended.resolve();
      onReport({ kind: "state", problem });
      timers.setTimer(() => {
        if (!isClosing) start();
      }, RESTART_MS);
    });
    tell({ kind: "open", ...opening(), position: position() });
  };

  return {
    open() {
      start();
      return opened.promise;
    },
    written: () => tell({ kind: "written", position: position() }),
    contents: (contents) => tell({ kind: "contents", contents }),
    query: (query) => queries.ask((id) => tell({ kind: "query", id, query, position: position() })),
    async close() {
      isClosing = true;
      queries.endAll("it is closed");
      worker.ref();
      tell({ kind: "close" });
      const timer = setTimeout(ended.resolve, CLOSE_MS);
      await ended.promise;
      clearTimeout(timer);
      worker.unref();
    },
  };
}
