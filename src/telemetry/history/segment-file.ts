import { closeSync, constants, ftruncateSync, openSync, renameSync, writeSync } from "node:fs";
import { createMappedFiles } from "./mapped-files.ts";
import { FILE_MODE, segmentPath, sparePath } from "./spool-files.ts";

/** The segment that is written. */
export interface SegmentFile {
  /** So many bytes are in it. */
  size(): number;
  /** Adds bytes from one index up to another, or the first of them. @returns how many @throws Error if the disk takes none */
  add(bytes: Uint8Array, from: number, to: number): number;
  close(): void;
}

/**
 * Makes what begins a segment of a slot, in place of what was in its file before, if that is used again.
 * @param mapsFiles whether such a file is written by its memory: see mapped-files.ts
 */
export function createSegmentFiles(folder: string, slot: number, mapsFiles: boolean): (number: number) => SegmentFile {
  const mapped = createMappedFiles();
  return (number) => {
    const path = segmentPath(folder, slot, number);
    const isUsedAgain = takeSpare(folder, slot, path);
    const file = openSync(path, constants.O_WRONLY | constants.O_CREAT, FILE_MODE);
    // A new one has no bytes that could be written by their memory.
    const memory = isUsedAgain && mapsFiles ? mapped.memoryOf(path, file) : undefined;
    let size = 0;
    const put = (bytes: Uint8Array, from: number, to: number): number => {
      if (memory === undefined || size + to - from > memory.length)
        return writeSync(file, bytes, from, to - from, size);
      memory.set(bytes.subarray(from, to), size);
      return to - from;
    };
    return {
      size: () => size,
      add(bytes, from, to) {
        const count = put(bytes, from, to);
        size += count;
        return count;
      },
      close() {
        try {
          ftruncateSync(file, size);
        } catch {
          // What was there before stays behind it, and is known by its number.
        }
        closeSync(file);
      },
    };
  };
}

/** @returns whether there was a spare file */
function takeSpare(folder: string, slot: number, path: string): boolean {
  try {
    renameSync(sparePath(folder, slot), path);
    return true;
  } catch {
    return false;
  }
}
