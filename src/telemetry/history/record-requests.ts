import type { TimerSource } from "../../core/deadlines.ts";
import { batchWrite } from "../../core/event-loop.ts";
import type { RequestObserver, RequestRecord } from "../../core/request-context.ts";
import type { Losses, Problems } from "./history-state.ts";
import type { ContentKeeper } from "./keep-content.ts";
import type { SpoolWriter } from "./spool-writer.ts";

export interface RecordRequestsParts {
  readonly writer: SpoolWriter;
  /** The routes whose requests have rows, with the names of their API formats. */
  readonly formats: ReadonlyMap<string, string>;
  readonly problems: Problems;
  readonly losses: Losses;
  /** Absent if nothing is kept of what is asked and answered. */
  readonly content: Pick<ContentKeeper, "over" | "lose" | "flush"> | undefined;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  readonly timers: TimerSource;
  /** Called some time after rows were written. */
  readonly onWritten: () => void;
}

/** A browser's question, which the gateway answers, whether a page may ask. */
const isPreflight = ({ method, provider }: RequestRecord): boolean => method === "OPTIONS" && provider === undefined;

/**
 * The thread is told of rows so long after the first one. To wake it costs as much as 200 rows: at 300 requests a second a row
 * costs it 4.7 µs, and 8.7 if it is told every half second.
 */
const TELL_MS = 2000;
/** If bodies wait in memory with them. */
const TELL_CONTENT_MS = 500;
/** So long after a disk took nothing it is tried again. */
const RETRY_MS = 500;

/**
 * Makes what writes a row for each request. Rows are written at the end of the turn of the event loop in which their requests
 * are over, before an answer that came in one piece leaves: what a client has seen is not lost with the process. A write of
 * the rows of four requests takes 1 µs in a segment that is used again, and 1.7 to 5 µs in a new file.
 */
export function recordRequests(parts: RecordRequestsParts): { readonly observe: RequestObserver; close(): void } {
  const { writer, formats, problems, losses, content, clock, timers, onWritten } = parts;
  let isBatched = false;
  let timer: unknown;
  const tellMs = content ? TELL_CONTENT_MS : TELL_MS;

  const setTimer = (): unknown => timers.setTimer(tell, problems.isDiskFull() ? RETRY_MS : tellMs);
  const tell = (): void => {
    timer = undefined;
    if (problems.isDiskFull()) problems.set("disk", writer.write());
    if (problems.isDiskFull()) timer = setTimer();
    content?.flush();
    onWritten();
  };
  const write = (): void => {
    isBatched = false;
    // While the disk takes nothing, only the timer tries again.
    if (!problems.isDiskFull()) problems.set("disk", writer.write());
    timer ??= setTimer();
    if (writer.isDue()) onWritten();
  };

  return {
    observe(context, finishedAt) {
      const format = formats.get(context.route);
      if (format === undefined || isPreflight(context)) return;
      const time = clock();
      if (!writer.add(context, time, finishedAt, format)) {
        content?.lose(context);
        return losses.add();
      }
      losses.end();
      content?.over(context, writer.lastId(time), context.principal);
      // The client of a stream has its last byte already; every other answer leaves at the end of this turn, behind this.
      if (context.streaming) return write();
      if (isBatched) return;
      isBatched = true;
      batchWrite(write);
    },
    close() {
      if (timer !== undefined) timers.clearTimer(timer);
      problems.set("disk", writer.write());
      content?.flush();
      losses.end();
      // Nothing writes them any more.
      const left = writer.unwritten();
      if (left > 0) losses.tell(left);
    },
  };
}
