import { LineBuffer } from "./line-buffer.ts";

/** What the output does not take waits up to this size; further lines are lost, and counted. */
const MAX_WAITING_BYTES = 1024 * 1024;

/** Whole lines that are written at once. */
export interface Batch {
  readonly bytes: Uint8Array;
  readonly lines: number;
}

/** Lines that are held to be written at once, and batches of them that wait for the output. */
export interface LineBatches {
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
}

export function createLineBatches(): LineBatches {
  const buffer = new LineBuffer();
  /** Lines in the buffer that are whole, and their bytes. */
  let heldLines = 0;
  let heldBytes = 0;
  const waiting: Batch[] = [];
  let waitingBytes = 0;
  let lost = 0;

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
  };
}
