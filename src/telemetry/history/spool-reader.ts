import { closeSync, fstatSync, openSync, readSync, renameSync, unlinkSync } from "node:fs";
import { findSegments, type Segment, sparePath, type SpoolPosition } from "./spool-files.ts";
import { createBlockReader, type ReadRows } from "./read-blocks.ts";
import { readLines } from "./read-lines.ts";
import type { Row } from "./row.ts";

/** Rows of a slot that are to be brought into the database, in their order. */
export interface SpoolBatch {
  readonly rows: readonly Row[];
  /** How many records were damaged: the last ones of a process that was killed, or a disk at fault. */
  readonly damaged: number;
  /** How many bytes of the spool they are. */
  readonly bytes: number;
}

/** Reads the segments of one slot, from the oldest on, and removes those that are done with, or leaves them to be used again. */
export interface SpoolReader {
  /** The next rows; the same again until they are taken. Undefined if there are none now. */
  next(): SpoolBatch | undefined;
  /** The rows of the last batch are in the database. */
  take(): void;
}

/**
 * A batch is of what is in so many bytes: about 2000 rows, and never less than one block. Its sums and its end cost as much as
 * 50 rows.
 */
const MAX_BYTES = 512 * 1024;

/**
 * @param live how far the slot was written when that was last told, behind which nothing is read of the segment that is being
 * written: what is there was there before, or is just being written. Undefined if nobody writes to the slot any more.
 */
export function createSpoolReader(folder: string, slot: number, live: () => SpoolPosition | undefined): SpoolReader {
  let current: Segment | undefined;
  let readRows: ReadRows = readLines;
  let offset = 0;
  let read = 0;
  // Once: so much memory is asked of the system each time, and given back. Its beginning is that of a double.
  const memory = Buffer.from(new ArrayBuffer(MAX_BYTES));

  /** Two versions that have taken turns may have used a number twice. */
  const findNext = (): Segment | undefined => {
    const segments = findSegments(folder).get(slot) ?? [];
    const from = current?.number ?? -1;
    return segments.find(({ number, path }) => number >= from && path !== current?.path);
  };
  const begin = (segment: Segment | undefined): void => {
    current = segment;
    if (segment?.form === "rows") readRows = readLines;
    else if (segment) readRows = createBlockReader(segment.form === "segment" ? segment.number : undefined);
  };
  const finish = ({ path, form }: Segment): void => {
    if (form === "segment" && live() !== undefined) renameSync(path, sparePath(folder, slot));
    else unlinkSync(path);
    offset = 0;
    read = 0;
  };

  return {
    next() {
      for (;;) {
        if (!current) begin(findNext());
        if (!current) return undefined;
        const position = live();
        const isLive = current.number === position?.segment && current.form === "segment";
        const written = isLive ? position.bytes - offset : Infinity;
        if (written <= 0) return undefined;
        const { bytes, isEnd } = readFrom(current.path, offset, memory, written);
        const part = readRows(bytes, isEnd && !isLive);
        read = part.bytes;
        if (part.rows.length > 0 || part.damaged > 0 || (part.bytes > 0 && !isLive)) return part;
        if (isLive) return undefined;
        finish(current);
        begin(findNext());
      }
    },
    take() {
      offset += read;
      read = 0;
    },
  };
}

/** Fills memory with what is behind an offset, up to so many bytes. @returns what was read, and whether that is all there is */
function readFrom(
  path: string,
  offset: number,
  memory: Buffer,
  most: number,
): { readonly bytes: Buffer; readonly isEnd: boolean } {
  const file = openSync(path, "r");
  try {
    const isEnd = fstatSync(file).size - offset <= memory.length;
    return { bytes: memory.subarray(0, readSync(file, memory, 0, Math.min(memory.length, most), offset)), isEnd };
  } finally {
    closeSync(file);
  }
}
