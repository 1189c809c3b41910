import { createLineBatches, type LostLines } from "./line-batches.ts";
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
  /** Resolves when the output has taken all lines, refuses them, or has not taken them within this time. */
  flush(timeoutMs: number): Promise<void>;
  /** How many lines have been lost since it was opened. */
  lost(): LostLines;
}

export interface LineStreamParts {
  readonly output: LineOutput;
  /** This many bytes are written at once, or one line that is longer. */
  readonly batchBytes: number;
  /** Called, when the output takes lines again, with how many were lost; what it writes replaces them. */
  readonly onLost: (lines: LostLines) => void;
}

/** Lines are held this long, because one write for many costs far less than one for each. */
const HOLD_MS = 5;

/** Delay of a retry after an error of the output: a disk may be full for a while, a pipe that does not wait is full. */
const RETRY_MS = 50;

/** Opens a stream of lines. What it holds when the process exits is written then, if that can be done without waiting. */
export function openLineStream({ output, batchBytes, onLost }: LineStreamParts): LineStream {
  const batches = createLineBatches();
  const { buffer, lost } = batches;
  let timer: Timer | undefined;
  let isWriting = false;
  let isInLoop = false;
  let retry: Timer | undefined;
  let whenFlushed: (() => void) | undefined;

  const release = (): void => {
    clearTimeout(timer);
    timer = undefined;
    batches.release();
  };

  const writeWaiting = (): void => {
    // A loop, because an output may answer at once.
    isInLoop = true;
    while (!isWriting && !retry) {
      if (!batches.first()) release();
      const batch = batches.first();
      if (!batch) {
        whenFlushed?.();
        break;
      }
      isWriting = true;
      output.write(batch, (written) => {
        isWriting = false;
        if (typeof written === "string") refused(written);
        else batches.taken(written);
        batches.reportLost(onLost);
        if (!isInLoop) writeWaiting();
      });
    }
    isInLoop = false;
  };

  const tryAgain = (): void => {
    retry = undefined;
    writeWaiting();
  };

  const refused = (code: string): void => {
    retry = setTimeout(tryAgain, RETRY_MS);
    if (code !== "EAGAIN") whenFlushed?.();
  };

  const holdEnded = (): void => {
    timer = undefined;
    // While others wait, these can be held longer, and become a batch of full size.
    if (!batches.first()) writeWaiting();
  };
  process.on("exit", () => {
    // What is being written may have been taken in part; nothing can follow it.
    if (isWriting) return;
    release();
    for (const batch of batches.all()) output.writeLast(batch);
  });
  return {
    buffer,
    lost,
    end(isFailure) {
      if (buffer.length > batchBytes) {
        release();
        writeWaiting();
      }
      batches.endLine(isFailure);
      timer ??= setTimeout(holdEnded, HOLD_MS);
    },
    flush(timeoutMs) {
      const { promise, done } = waitAtMost(timeoutMs);
      whenFlushed = done;
      writeWaiting();
      return promise;
    },
  };
}

/** A wait that ends when it is done, or after this many milliseconds. */
function waitAtMost(timeoutMs: number): { readonly promise: Promise<void>; readonly done: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timeout = setTimeout(resolve, timeoutMs);
  const done = (): void => {
    clearTimeout(timeout);
    resolve();
  };
  return { promise, done };
}
