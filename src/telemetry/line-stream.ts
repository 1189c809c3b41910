import { LineBuffer } from "./line-buffer.ts";
import type { LineOutput } from "./standard-output.ts";

/** Lines on their way to their output, which never hold up the process. */
export interface LineStream {
  /** What a line is written to, up to and with its line feed. */
  readonly buffer: LineBuffer;
  /** The line that was written to the buffer is whole. */
  end(): void;
  /** Resolves when the output has taken all lines, refuses them, or has not taken them within this time. */
  flush(timeoutMs: number): Promise<void>;
}

export interface LineStreamParts {
  readonly output: LineOutput;
  /** So much is written at once, or one line that is longer. */
  readonly batchBytes: number;
  /** Called, when the output takes lines again, with how many were lost; what it writes stands in their place. */
  readonly onLost: (lines: number) => void;
}

/** Whole lines that are written at once. */
interface Batch {
  readonly bytes: Uint8Array;
  readonly lines: number;
}

/** Lines are held for so long, because one write for many costs far less than one for each. */
const HOLD_MS = 5;

/** What the output does not take waits up to this size; further lines are lost, and counted. */
const MAX_WAITING_BYTES = 1024 * 1024;

/** After an error the output is tried again so much later: a disk may be full for a while, a pipe that does not wait is full. */
const RETRY_MS = 50;

/** Opens a stream of lines. What it holds when the process exits is written then, if that can be done without waiting. */
export function openLineStream({ output, batchBytes, onLost }: LineStreamParts): LineStream {
  const buffer = new LineBuffer();
  /** Lines in the buffer that are whole, and their bytes. */
  let heldLines = 0;
  let heldBytes = 0;
  let timer: Timer | undefined;
  /** The first is being written. */
  const waiting: Batch[] = [];
  let waitingBytes = 0;
  let isWriting = false;
  let isInLoop = false;
  let retry: Timer | undefined;
  let lost = 0;
  let whenFlushed: (() => void) | undefined;

  const release = (): void => {
    clearTimeout(timer);
    timer = undefined;
    if (heldLines === 0) return;
    const batch = { bytes: buffer.take(heldBytes), lines: heldLines };
    heldLines = 0;
    heldBytes = 0;
    if (waitingBytes + batch.bytes.length > MAX_WAITING_BYTES) {
      lost += batch.lines;
      return;
    }
    waiting.push(batch);
    waitingBytes += batch.bytes.length;
  };

  const writeWaiting = (): void => {
    // A loop, because an output may answer at once.
    isInLoop = true;
    while (!isWriting && !retry) {
      if (waiting.length === 0) release();
      const [batch] = waiting;
      if (!batch) {
        whenFlushed?.();
        break;
      }
      isWriting = true;
      output.write(batch.bytes, (written) => {
        isWriting = false;
        if (typeof written === "string") refused(written);
        else taken(batch, written);
        if (!isInLoop) writeWaiting();
      });
    }
    isInLoop = false;
  };

  const taken = ({ bytes, lines }: Batch, written: number): void => {
    waitingBytes -= written;
    if (written < bytes.length) waiting[0] = { bytes: bytes.subarray(written), lines };
    else waiting.shift();
    // Not with the first room there is, or a slow reader would read of little else.
    if (lost === 0 || waitingBytes > MAX_WAITING_BYTES / 2) return;
    const count = lost;
    lost = 0;
    onLost(count);
  };

  const refused = (code: string): void => {
    retry = setTimeout(tryAgain, RETRY_MS);
    if (code !== "EAGAIN") whenFlushed?.();
  };

  const tryAgain = (): void => {
    retry = undefined;
    writeWaiting();
  };

  const holdEnded = (): void => {
    timer = undefined;
    // While others wait, these can be held on, and become a batch of full size.
    if (waiting.length === 0) writeWaiting();
  };

  process.on("exit", () => {
    // What is being written may have been taken in part; nothing can come behind it.
    if (isWriting) return;
    release();
    for (const { bytes } of waiting) output.writeLast(bytes);
  });
  return {
    buffer,
    end() {
      if (buffer.length > batchBytes) {
        release();
        writeWaiting();
      }
      heldLines += 1;
      heldBytes = buffer.length;
      timer ??= setTimeout(holdEnded, HOLD_MS);
    },
    flush(timeoutMs) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const timeout = setTimeout(resolve, timeoutMs);
      whenFlushed = () => {
        clearTimeout(timeout);
        resolve();
      };
      writeWaiting();
      return promise;
    },
  };
}
