import { LineBuffer } from "./line-writer.ts";

/** What the output does not take waits up to this size; further lines are lost, and counted. */
const MAX_WAITING_BYTES = 1024 * 1024;

/** Lines of what failed may wait in so much more: some twenty thousand. They are lost only if not even they have room. */
const MAX_WAITING_FAILURES_BYTES = 16 * 1024 * 1024;

/** How many lines were lost. */
export interface LostLines {
  /** Of levels `info` and below. */
  readonly info: number;
  /** Of level `warn` and above. */
  readonly failures: number;
}

/** Lines that are buffered to be written at once, and batches of them that wait for the output. */
export interface LineBatches {
  /** What a line is written to. */
  readonly buffer: LineBuffer;
  /** The line that was written to the buffer is whole. @param isFailure whether it tells of what went wrong */
  endLine(isFailure: boolean): void;
  /** Makes a batch of the buffered lines; if too much waits already, only of those of what failed. */
  release(): void;
  /** The first of the waiting batches; stays until it is taken. */
  first(): Uint8Array | undefined;
  all(): readonly Uint8Array[];
  /** This many bytes of the first one are written. */
  taken(written: number): void;
  /** Says how many lines were lost since it was last said, once there is room for more; nothing if none were. */
  reportLost(report: (lost: LostLines) => void): void;
  /** How many lines have been lost in all. */
  lost(): LostLines;
}

export function createLineBatches(): LineBatches {
  const buffer = new LineBuffer();
  /** Lines in the buffer that are whole, and their bytes. */
  let bufferedLines = 0;
  let bufferedBytes = 0;
  /** Where buffered lines of what failed begin and end; most batches have none. */
  let failures: Range[] = [];
  const waiting: Buffer[] = [];
  let waitingBytes = 0;
  let lost = NOTHING;
  let reported = NOTHING;

  const add = (batch: Buffer): void => {
    waiting.push(batch);
    waitingBytes += batch.length;
  };
  const hasRoom = (bytes: number, limit: number): boolean => waitingBytes + bytes <= limit;

  /** There is no room for all of these lines. */
  const addFailures = (bytes: Buffer, lines: number, ranges: readonly Range[]): void => {
    lost = { ...lost, info: lost.info + lines - ranges.length };
    if (ranges.length === 0) return;
    const kept = Buffer.concat(ranges.map(({ start, end }) => bytes.subarray(start, end)));
    if (hasRoom(kept.length, MAX_WAITING_BYTES + MAX_WAITING_FAILURES_BYTES)) return add(kept);
    lost = { ...lost, failures: lost.failures + ranges.length };
  };

  return {
    buffer,
    endLine(isFailure) {
      if (isFailure) failures.push({ start: bufferedBytes, end: buffer.length });
      bufferedLines += 1;
      bufferedBytes = buffer.length;
    },
    release() {
      if (bufferedLines === 0) return;
      const bytes = buffer.take(bufferedBytes);
      if (waiting.length === 0) add(bytes);
      else {
        // Their array is larger than they are, and what waits has a bound.
        if (hasRoom(bytes.length, MAX_WAITING_BYTES)) add(Buffer.from(bytes));
        else addFailures(bytes, bufferedLines, failures);
        buffer.giveBack(bytes);
      }
      bufferedLines = 0;
      bufferedBytes = 0;
      if (failures.length > 0) failures = [];
    },
    first: () => waiting[0],
    all: () => waiting,
    taken(written) {
      const [batch] = waiting;
      if (!batch) return;
      waitingBytes -= written;
      if (written < batch.length) waiting[0] = batch.subarray(written);
      else {
        waiting.shift();
        buffer.giveBack(batch);
      }
    },
    reportLost(report) {
      // Not as soon as there is room, or a slow reader would read little but this.
      if (lost === reported || waitingBytes > MAX_WAITING_BYTES / 2) return;
      const { info, failures: ofFailures } = reported;
      reported = lost;
      report({ info: lost.info - info, failures: lost.failures - ofFailures });
    },
    lost: () => lost,
  };
}

interface Range {
  readonly start: number;
  readonly end: number;
}

const NOTHING: LostLines = { info: 0, failures: 0 };
