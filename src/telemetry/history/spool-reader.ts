import { closeSync, fstatSync, openSync, readSync, unlinkSync } from "node:fs";
import { findSegments, type Segment } from "./spool-files.ts";
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

/** Reads the segments of one slot, from the oldest on, and removes those that are done with. */
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
 * @param live the number of the segment that is being written; undefined if nobody writes to the slot any more. A record
 * without an end may still become whole in the live one only.
 */
export function createSpoolReader(folder: string, slot: number, live: () => number | undefined): SpoolReader {
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
    if (segment) readRows = segment.form === "lines" ? readLines : createBlockReader();
  };
  const finish = ({ path }: Segment): void => {
    unlinkSync(path);
    offset = 0;
    read = 0;
  };

  return {
    next() {
      for (;;) {
        if (!current) begin(findNext());
        if (!current) return undefined;
        // Asked first: what is written until then is seen.
        const isLive = current.number === live();
        const { bytes, isEnd } = readFrom(current.path, offset, memory);
        const part = readRows(bytes, isEnd && !isLive);
        read = part.bytes;
        if (part.rows.length > 0 || part.damaged > 0) return part;
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

/** Fills memory with what is behind an offset. @returns what was read, and whether that is all there is */
function readFrom(path: string, offset: number, memory: Buffer): { readonly bytes: Buffer; readonly isEnd: boolean } {
  const file = openSync(path, "r");
  try {
    const isEnd = fstatSync(file).size - offset <= memory.length;
    return { bytes: memory.subarray(0, readSync(file, memory, 0, memory.length, offset)), isEnd };
  } finally {
    closeSync(file);
  }
}
