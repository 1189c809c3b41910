import { closeSync, openSync, unlinkSync, writeSync } from "node:fs";
import { FILE_MODE, segmentPath } from "./spool-files.ts";

export interface SpoolWriterOptions {
  readonly folder: string;
  readonly slot: number;
  /** The number of the first segment that is written. */
  readonly firstSegment: number;
  /** A segment that has grown to so many bytes is followed by another one. */
  readonly segmentBytes: number;
  /** So many bytes may wait for the database, in files and in memory. */
  readonly maxBytes: number;
  /** So many of these may be in memory, while the disk is full. */
  readonly maxUnwrittenBytes: number;
  /** How many bytes wait already. */
  readonly waitingBytes: number;
}

/** Appends records to the segments of one slot. What is written survives the end of this process, however it comes. */
export interface SpoolWriter {
  /** The number of the segment that is written now; all others are complete. */
  segment(): number;
  /** Takes the records of rows. @returns false if there is no room for them: they are lost */
  add(records: string): boolean;
  /** Writes what was added. @returns why the disk does not take it all; undefined if it does */
  write(): string | undefined;
  /** So many more bytes are in the database. */
  consumed(bytes: number): void;
  /** Removes the segment if all of it is in the database. */
  close(): void;
}

/** What was full takes rows again once it is filled to this part, so that the end of losses is not told with every row. */
const REOPENED = 0.75;

/** @throws Error if the first segment cannot be made */
export function createSpoolWriter(options: SpoolWriterOptions): SpoolWriter {
  const { folder, slot, segmentBytes, maxBytes, maxUnwrittenBytes } = options;
  let segment = options.firstSegment;
  const open = (number: number): number => openSync(segmentPath(folder, slot, number), "a", FILE_MODE);
  let file = open(segment);
  let written = 0;
  let waiting = options.waitingBytes;
  /** What is to be written. */
  let added = "";
  /** What of it the disk has not taken. */
  let left = Buffer.alloc(0);
  let problem: string | undefined;
  let isFull = false;

  const append = (): void => {
    // A write may end within a record: the next one goes on there.
    while (left.length > 0) {
      const count = writeSync(file, left);
      written += count;
      left = left.subarray(count);
    }
    if (added === "") return;
    const text = added;
    added = "";
    const length = Buffer.byteLength(text);
    let count = 0;
    try {
      count = writeSync(file, text);
    } finally {
      written += count;
      if (count < length) left = Buffer.from(text).subarray(count);
    }
    if (left.length > 0) append();
  };

  const beginSegment = (): void => {
    const next = open(segment + 1);
    closeSync(file);
    file = next;
    segment += 1;
    written = 0;
  };

  return {
    segment: () => segment,
    add(records) {
      const bytes = Buffer.byteLength(records);
      isFull = waiting + bytes > (isFull ? maxBytes * REOPENED : maxBytes);
      if (isFull || (problem !== undefined && left.length + added.length + bytes > maxUnwrittenBytes)) return false;
      waiting += bytes;
      added += records;
      return true;
    },
    write() {
      try {
        append();
        if (written >= segmentBytes) beginSegment();
        problem = undefined;
      } catch (error) {
        problem = error instanceof Error ? error.message : String(error);
      }
      return problem;
    },
    consumed(bytes) {
      waiting = Math.max(0, waiting - bytes);
    },
    close() {
      closeSync(file);
      // Otherwise the next process would read all of it again, and find that it is in the database.
      if (waiting === 0) unlinkSync(segmentPath(folder, slot, segment));
    },
  };
}
