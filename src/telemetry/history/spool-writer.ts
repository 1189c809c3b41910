import { closeSync, constants, ftruncateSync, openSync, renameSync, writeSync } from "node:fs";
import { type BlockBuffer, createBlockBuffer } from "./block-buffer.ts";
import { newRowIdSeed } from "./row-id.ts";
import { FILE_MODE, segmentPath, sparePath, type SpoolPosition } from "./spool-files.ts";

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
export interface SpoolWriter extends Pick<BlockBuffer, "add" | "lastId"> {
  /** How far rows are written, for the thread that reads them. */
  position(): SpoolPosition;
  /** Whether so much was added since somebody asked for the position that the thread is to read before its time. */
  isDue(): boolean;
  /** Writes what was added. @returns why the disk does not take it all; undefined if it does */
  write(): string | undefined;
  /** How many rows the disk has not taken. */
  unwritten(): number;
  /** So many more bytes are in the database. */
  consumed(bytes: number): void;
  /** The segments of the slot are to be read from their beginning, so many bytes of others and the one that is written. */
  readAnew(bytes: number): void;
  close(): void;
}

/** What was full takes rows again once it is filled to this part, so that the end of losses is not told with every row. */
const REOPENED = 0.75;

/**
 * Of what may wait, such a part is not left to its time. And of a segment: there is one file to write to while the thread
 * reads another one, and a third one has to be made.
 */
const DUE_PART = 1 / 8;
const DUE_SEGMENT_PART = 1 / 2;

/** @throws Error if the first segment cannot be made */
export function createSpoolWriter(options: SpoolWriterOptions): SpoolWriter {
  const { folder, slot, segmentBytes, maxBytes, maxUnwrittenBytes } = options;
  const open = (number: number): number => openSegment(folder, slot, number);
  let segment = options.firstSegment;
  let file = open(segment);
  /** Bytes in the segment. */
  let inSegment = 0;
  /** Bytes that are not in the database yet. */
  let waiting = 0;
  let isFull = false;
  /** Bytes that were added since somebody asked how far it is. */
  let untold = 0;
  const dueBytes = Math.min(DUE_SEGMENT_PART * segmentBytes, DUE_PART * maxBytes);
  const blocks = createBlockBuffer(newRowIdSeed(), maxUnwrittenBytes, segment);
  /** So much of the blocks is in the file: a write may end within one, and the next write goes on there. */
  let written = 0;

  const append = (): void => {
    const bytes = blocks.seal();
    while (written < blocks.size()) {
      const count = writeSync(file, bytes, written, blocks.size() - written);
      written += count;
      inSegment += count;
    }
    written = 0;
    blocks.clear();
  };
  const beginSegment = (): void => {
    cutOff(file, inSegment);
    const next = open(segment + 1);
    closeSync(file);
    file = next;
    segment += 1;
    blocks.beginSegment(segment);
    inSegment = 0;
  };

  return {
    position() {
      untold = 0;
      return { segment, bytes: inSegment };
    },
    isDue: () => untold > dueBytes,
    add(record, time, finishedAt, format) {
      isFull = waiting > (isFull ? maxBytes * REOPENED : maxBytes);
      if (isFull) return false;
      const before = blocks.size();
      if (!blocks.add(record, time, finishedAt, format)) return false;
      const added = blocks.size() - before;
      waiting += added;
      untold += added;
      return true;
    },
    lastId: (time) => blocks.lastId(time),
    write() {
      try {
        append();
        if (inSegment >= segmentBytes) beginSegment();
        return undefined;
      } catch (error) {
        return error instanceof Error ? error.message : String(error);
      }
    },
    unwritten() {
      blocks.seal();
      return blocks.rowsBehind(written);
    },
    consumed(bytes) {
      waiting = Math.max(0, waiting - bytes);
    },
    readAnew(bytes) {
      waiting = bytes + inSegment;
    },
    close() {
      cutOff(file, inSegment);
      closeSync(file);
    },
  };
}

/** In place of what was in it before, if it is one that is used again. */
function openSegment(folder: string, slot: number, number: number): number {
  const path = segmentPath(folder, slot, number);
  try {
    renameSync(sparePath(folder, slot), path);
  } catch {
    // There is none.
  }
  return openSync(path, constants.O_WRONLY | constants.O_CREAT, FILE_MODE);
}

/** What was in a file before ends with what is in it now. */
function cutOff(file: number, bytes: number): void {
  try {
    ftruncateSync(file, bytes);
  } catch {
    // It stays behind that, and is known by its number.
  }
}
