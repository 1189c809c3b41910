import { closeSync, openSync, writeSync } from "node:fs";
import { putRecord, roomForRecord } from "./record.ts";
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
}

/** Appends records to the segments of one slot. What is written survives the end of this process, however it comes. */
export interface SpoolWriter {
  /** The number of the segment that is written now; all others are complete. */
  segment(): number;
  /** Takes a row as JSON. @returns false if there is no room for it: it is lost */
  add(json: string): boolean;
  /** Writes what was added. @returns why the disk does not take it all; undefined if it does */
  write(): string | undefined;
  /** So many more bytes are in the database. */
  consumed(bytes: number): void;
  /** So many bytes of the slot's segments are to be read, all from their beginning. */
  readAnew(bytes: number): void;
  close(): void;
}

/** What was full takes rows again once it is filled to this part, so that the end of losses is not told with every row. */
const REOPENED = 0.75;

/** More is kept for rows only while the disk takes none. */
const CAPACITY = 64 * 1024;

/** @throws Error if the first segment cannot be made */
export function createSpoolWriter(options: SpoolWriterOptions): SpoolWriter {
  const { folder, slot, segmentBytes, maxBytes, maxUnwrittenBytes } = options;
  const open = (number: number): number => openSync(segmentPath(folder, slot, number), "a", FILE_MODE);
  let segment = options.firstSegment;
  let file = open(segment);
  /** Bytes in the segment. */
  let inSegment = 0;
  /** Bytes that are not in the database yet. */
  let waiting = 0;
  let isFull = false;
  /** What is to be written, from `written` to `added`: a write may end within a record, and the next one goes on there. */
  let buffer = Buffer.allocUnsafe(CAPACITY);
  let written = 0;
  let added = 0;

  /** @returns false if there is no room for so many bytes */
  const reserve = (bytes: number): boolean => {
    const needed = added + bytes;
    if (needed <= buffer.length) return true;
    const size = Math.min(maxUnwrittenBytes, 2 * buffer.length);
    if (needed > size) return false;
    buffer = Buffer.concat([buffer.subarray(0, added)], size);
    return true;
  };
  const append = (): void => {
    while (written < added) {
      const count = writeSync(file, buffer, written, added - written);
      written += count;
      inSegment += count;
    }
    written = 0;
    added = 0;
    if (buffer.length > CAPACITY) buffer = Buffer.allocUnsafe(CAPACITY);
  };
  const beginSegment = (): void => {
    const next = open(segment + 1);
    closeSync(file);
    file = next;
    segment += 1;
    inSegment = 0;
  };

  return {
    segment: () => segment,
    add(json) {
      isFull = waiting > (isFull ? maxBytes * REOPENED : maxBytes);
      if (isFull || !reserve(roomForRecord(json))) return false;
      const end = putRecord(buffer, added, json);
      waiting += end - added;
      added = end;
      return true;
    },
    write() {
      try {
        append();
        if (inSegment >= segmentBytes) beginSegment();
        return undefined;
      } catch (error) {
        return error instanceof Error ? error.message : String(error);
      }
    },
    consumed(bytes) {
      waiting = Math.max(0, waiting - bytes);
    },
    readAnew(bytes) {
      waiting = bytes;
    },
    close: () => closeSync(file),
  };
}
