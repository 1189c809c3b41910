import { LineBuffer } from "./line-writer.ts";
import type { LineOutput } from "./standard-output.ts";

/** Lines on their way to their output, which never hold up the process. */
export interface LineStream {
  /** What a line is written to, up to and with its line feed. */
  readonly buffer: LineBuffer;
  /** The line that was written to the buffer is whole. */
  end(): void;
  /** How many lines were lost since the start. */
  dropped(): number;
  /** Resolves when the output has taken all lines, refuses them, or has not taken them within this time. */
  flush(timeoutMs: number): Promise<void>;
}

export interface LineStreamParts {
  readonly output: LineOutput;
  /** This many bytes are written at once, or one line that is longer. */
  readonly batchBytes: number;
  /** Called, when the output takes lines again, with how many were lost; what it writes replaces them. */
  readonly onLost: (lines: number) => void;
}

/** Lines are held this long, because one write for many costs far less than one for each. */
const HOLD_MS = 5;

/** Delay of a retry after an error of the output: a disk may be full for a while, a pipe that does not wait is full. */
const RETRY_MS = 50;

/** Opens a stream of lines. What it holds when the process exits is written then, if that can be done without waiting. */
export function openLineStream({ output, batchBytes, onLost }: LineStreamParts): LineStream {
  const batches = createLineBatches();
  const { buffer } = batches;
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
      output.write(batch.bytes, (written) => {
        isWriting = false;
        if (typeof written === "string") refused(written);
        else taken(written);
        if (!isInLoop) writeWaiting();
      });
    }
    isInLoop = false;
  };

  const taken = (written: number): void => {
    batches.taken(written);
    const lost = batches.takeLost();
    if (lost > 0) onLost(lost);
  };

  const refused = (code: string): void => {
    retry = setTimeout(() => {
      retry = undefined;
      writeWaiting();
    }, RETRY_MS);
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
    for (const { bytes } of batches.all()) output.writeLast(bytes);
  });
  return {
    ...{ buffer, dropped: batches.dropped },
    end() {
      if (buffer.length > batchBytes) {
        release();
        writeWaiting();
      }
      batches.endLine();
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

/** What the output does not take waits up to this size; further lines are lost, and counted. */
const MAX_WAITING_BYTES = 1024 * 1024;

/** Whole lines that are written at once. */
interface Batch {
  readonly bytes: Uint8Array;
  readonly lines: number;
}

/** Lines that are held to be written at once, and batches of them that wait for the output. */
interface LineBatches {
  /** What a line is written to. */
  readonly buffer: LineBuffer;
  /** The line that was written to the buffer is whole. */
  endLine(): void;
  /** Makes a batch of the lines that are held; they are lost if too much waits already. */
  release(): void;
  /** The first of the waiting batches; stays until it is taken. */
  first(): Batch | undefined;
  all(): readonly Batch[];
  /** This many bytes of the first one are written. */
  taken(written: number): void;
  /** How many lines were lost since this was last asked, once there is room for more; 0 before. */
  takeLost(): number;
  /** How many lines were lost since the start. */
  dropped(): number;
}

function createLineBatches(): LineBatches {
  const buffer = new LineBuffer();
  /** Lines in the buffer that are whole, and their bytes. */
  let heldLines = 0;
  let heldBytes = 0;
  const waiting: Batch[] = [];
  let waitingBytes = 0;
  let lost = 0;
  let dropped = 0;

  return {
    buffer,
    endLine() {
      heldLines += 1;
      heldBytes = buffer.length;
    },
    release() {
      if (heldLines === 0) return;
      const batch = { bytes: buffer.take(heldBytes), lines: heldLines };
      heldLines = 0;
      heldBytes = 0;
      if (waitingBytes + batch.bytes.length > MAX_WAITING_BYTES) {
        lost += batch.lines;
        dropped += batch.lines;
        return;
      }
      waiting.push(batch);
      waitingBytes += batch.bytes.length;
    },
    first: () => waiting[0],
    all: () => waiting,
    taken(written) {
      const [batch] = waiting;
      if (!batch) return;
      waitingBytes -= written;
      if (written < batch.bytes.length) waiting[0] = { bytes: batch.bytes.subarray(written), lines: batch.lines };
      else waiting.shift();
    },
    takeLost() {
      // Not as soon as there is room, or a slow reader would read little but this.
      if (waitingBytes > MAX_WAITING_BYTES / 2) return 0;
      const count = lost;
      lost = 0;
      return count;
    },
    dropped: () => dropped,
  };
}
