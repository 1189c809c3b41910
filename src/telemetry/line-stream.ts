import type { TimerSource } from "../core/deadlines.ts";
import { createFlushTimer, createDeferredWrites } from "./deferred-lines.ts";
import { createLineBatches, type LineBatches, type LostLines, WHOLE_BYTES } from "./line-batches.ts";
import type { LineBuffer } from "./line-writer.ts";
import type { LineOutput } from "./standard-output.ts";

/** Lines on their way to their output, which never hold up the process. */
export interface LineStream {
  /** What a line is written to, up to and with its line feed. */
  readonly buffer: LineBuffer;
  /**
   * The line that was written to the buffer is whole.
   * @param isFailure whether it tells of what went wrong: such lines are kept longer than others if the output stalls
   */
  end(isFailure: boolean): void;
  /**
   * For lines that are written to the buffer only when it is time to write them out.
   * @param write writes all that are due
   * @returns to be called when there are some. They are written out by the next time that buffered lines are; if that is urgent,
   * in the next turn
   */
  defer(write: () => void): (isUrgent: boolean) => void;
  /** Writes to the buffer what was deferred. To be called before a line is written to it that was not. */
  catchUp(): void;
  /**
   * Resolves when the output has taken all lines, refuses them, has taken nothing for `STALL_MS`, or has not taken all
   * within this time.
   * @returns how many lines it has not taken
   */
  flush(timeoutMs: number): Promise<number>;
  /** How many lines have been lost since it was opened. */
  lost(): LostLines;
}

export interface LineStreamParts {
  readonly output: LineOutput;
  /** This many bytes are written at once, or one line that is longer. */
  readonly batchBytes: number;
  /** Called, when the output takes lines again, with how many were lost; what it writes replaces them. */
  readonly onLost: (lines: LostLines) => void;
  /** Times how long lines stay in the buffer. */
  readonly timers: TimerSource;
}

/** Delay of a retry after an error of the output: a disk may be full for a while, a pipe that does not wait is full. */
const RETRY_MS = 50;

/** The end of the process waits so long for a write that is under way. */
const LAST_WRITE_MS = 50;

/** Opens a stream of lines. What it holds when the process exits is written then, if that can be done without waiting. */
export function openLineStream({ output, batchBytes, onLost, timers }: LineStreamParts): LineStream {
  const batches = createLineBatches(timers);
  const { buffer, lost } = batches;
  const deferred = createDeferredWrites();
  let isInLoop = false;
  let retry: Timer | undefined;
  let whenFlushed: (() => void) | undefined;
  /** What is being written, if something is. */
  let piece: Uint8Array | undefined;

  const release = (): void => {
    deferred.catchUp();
    batches.release();
  };

  const writeWaiting = (): void => {
    // A loop, because an output may answer at once; one, because lines are written and lost while it goes on.
    if (isInLoop) return;
    isInLoop = true;
    while (!piece && !retry) {
      if (!batches.isWaiting()) release();
      piece = batches.begin();
      if (!piece) {
        whenFlushed?.();
        break;
      }
      output.write(piece, (written) => {
        piece = undefined;
        if (typeof written === "string") refused(written);
        else batches.taken(written);
        batches.reportLost(onLost);
        writeWaiting();
      });
    }
    isInLoop = false;
  };

  const refused = (code: string): void => {
    retry = setTimeout(() => {
      retry = undefined;
      writeWaiting();
    }, RETRY_MS);
    if (code !== "EAGAIN") whenFlushed?.();
  };

  const flushLater = createFlushTimer(timers, () => {
    // While others wait, these can stay longer, and become a batch of full size.
    if (!batches.isWaiting()) writeWaiting();
  });
  process.on("exit", () => {
    // Nothing is begun any more that waits.
    isInLoop = true;
    writeLast(output, batches, piece, release);
  });
  return {
    buffer,
    lost,
    catchUp: deferred.catchUp,
    defer(write) {
      deferred.add(write);
      return flushLater;
    },
    end(isFailure) {
      if (buffer.length > batchBytes) {
        batches.release();
        writeWaiting();
      }
      batches.endLine(isFailure);
      // What was deferred was called due when it was.
      if (!deferred.isCatchingUp()) flushLater(isFailure);
    },
    flush(timeoutMs) {
      const { promise, done } = waitUntil(timers, batches.endOfPatience(timeoutMs));
      whenFlushed = done;
      writeWaiting();
      return promise.then(batches.unwritten);
    },
  };
}

/** Writes all that can be written without waiting for whoever reads it. @param underWay what is being written */
function writeLast(
  output: LineOutput,
  batches: LineBatches,
  underWay: Uint8Array | undefined,
  release: () => void,
): void {
  // It may have been taken in part, and then nothing can follow it, unless it is so short that it is taken as one. It is on
  // another thread, which needs no more than this to write it if there is room.
  if (underWay && underWay.length > WHOLE_BYTES) return Bun.sleepSync(LAST_WRITE_MS);
  release();
  if (underWay) batches.taken(underWay.length);
  for (const batch of batches.all()) output.writeLast(batch);
}

/** A wait that ends when it is done, or at that time, which may be later when it comes. */
function waitUntil({ now, setTimer, clearTimer }: TimerSource, end: () => number) {
  const { promise, resolve } = Promise.withResolvers<void>();
  let timer: unknown;
  const look = (): void => {
    const left = end() - now();
    if (left > 0) timer = setTimer(look, left);
    else resolve();
  };
  look();
  const done = (): void => {
    clearTimer(timer);
    resolve();
  };
  return { promise, done };
}
