import type { TimerSource } from "../core/deadlines.ts";
import { LineBuffer } from "./line-writer.ts";

/** What the output does not take waits up to this size; further lines are lost, and counted. */
const MAX_WAITING_BYTES = 1024 * 1024;

/** Lines of what failed may wait in so much more: some twenty thousand. They are lost only if not even they have room. */
const MAX_WAITING_FAILURES_BYTES = 16 * 1024 * 1024;

/** An output that takes nothing for so long is waited for no longer. */
export const STALL_MS = 1000;

/** A write that takes longer than this waits for its reader. The next ones are small, so that it shows whether that reads on. */
const SLOW_MS = 50;

/** A pipe takes so many bytes whole: Linux has this limit, POSIX asks for 512. */
export const WHOLE_BYTES = process.platform === "linux" ? 4096 : 512;

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
  /** Whether batches wait. */
  isWaiting(): boolean;
  /** What is to be written next, of the first of the waiting batches, in which it stays until it is taken; undefined if none waits. */
  begin(): Uint8Array | undefined;
  all(): readonly Uint8Array[];
  /** This many bytes of the first one are written. */
  taken(written: number): void;
  /**
   * From now on there is so much time.
   * @returns when it is over, as it looks at the moment: before that, if nothing has been taken for a while
   */
  endOfPatience(milliseconds: number): () => number;
  /** Says how many lines were lost since it was last said, once there is room for more; nothing if none were. */
  reportLost(report: (lost: LostLines) => void): void;
  /** How many lines have been lost in all. */
  lost(): LostLines;
  /** How many lines are buffered or wait; one that is written in part counts. */
  unwritten(): number;
}

export function createLineBatches(clock: Pick<TimerSource, "now">): LineBatches {
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
  const pace = createPace(clock);

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
    isWaiting: () => waiting.length > 0,
    begin: () => pace.begin(waiting[0]),
    all: () => waiting,
    taken(written) {
      const [batch] = waiting;
      if (!batch) return;
      pace.took();
      waitingBytes -= written;
      if (written < batch.length) waiting[0] = batch.subarray(written);
      else {
        waiting.shift();
        buffer.giveBack(batch);
      }
    },
    endOfPatience: pace.endOfPatience,
    reportLost(report) {
      // Not as soon as there is room, or a slow reader would read little but this.
      if (lost === reported || waitingBytes > MAX_WAITING_BYTES / 2) return;
      const { info, failures: ofFailures } = reported;
      reported = lost;
      report({ info: lost.info - info, failures: lost.failures - ofFailures });
    },
    lost: () => lost,
    unwritten: () => waiting.reduce((sum, batch) => sum + countLines(batch), bufferedLines),
  };
}

/** Keeps how fast the output takes what is written. */
function createPace({ now }: Pick<TimerSource, "now">) {
  let beganAt = 0;
  let takenAt = 0;
  let isSlow = false;
  return {
    begin(batch: Uint8Array | undefined): Uint8Array | undefined {
      beganAt = now();
      return isSlow ? batch?.subarray(0, WHOLE_BYTES) : batch;
    },
    took(): void {
      takenAt = now();
      isSlow = takenAt - beganAt > SLOW_MS;
    },
    endOfPatience(milliseconds: number): () => number {
      takenAt = now();
      const until = takenAt + milliseconds;
      return () => Math.min(until, takenAt + STALL_MS);
    },
  };
}

const LINE_FEED = 0x0a;

function countLines(bytes: Buffer): number {
  let count = 0;
  for (let at = bytes.indexOf(LINE_FEED); at >= 0; at = bytes.indexOf(LINE_FEED, at + 1)) count++;
  return count;
}

interface Range {
  readonly start: number;
  readonly end: number;
}

const NOTHING: LostLines = { info: 0, failures: 0 };
