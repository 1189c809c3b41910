import { fstatSync, statfsSync } from "node:fs";

/*
 * A write to a file that is mapped into memory is a copy, which takes 0.1 us for the rows of four requests, and a call of the
 * system 1 us, or more if its caches hold other things. The memory is the system's, as what is written is, and not lost with
 * the process. SQLite does the same with the index of its log.
 */

/**
 * File systems that write a block again to where it was, by their numbers: ext2 to ext4, XFS, and tmpfs. Others may find then
 * that the disk is full, of which a process is told that writes to memory by a signal that ends it.
 * See https://man7.org/linux/man-pages/man2/statfs.2.html
 */
const WRITE_IN_PLACE: readonly number[] = [0xef53, 0x5846_5342, 0x0102_1994];

/** Whether files of a folder may be written by their memory, if all their bytes were written before. */
export const mayBeMapped = (folder: string): boolean =>
  process.platform === "linux" && WRITE_IN_PLACE.includes(statfsSync(folder).type);

/** So many are used in turns. */
const MAX_FILES = 2;

/** Remembers the memory of files: to map one anew takes 2 us for each of its pages. */
export interface MappedFiles {
  /**
   * The memory of a file that has all its bytes, not longer than it; none if it cannot be mapped.
   * @param file a descriptor of it
   */
  memoryOf(path: string, file: number): Uint8Array;
}

function map(path: string): Uint8Array {
  try {
    return Bun.mmap(path, { shared: true });
  } catch {
    return new Uint8Array();
  }
}

export function createMappedFiles(): MappedFiles {
  // By a number that no other file gets as long as one is mapped.
  const known = new Map<number, Uint8Array>();
  return {
    memoryOf(path, file) {
      const { ino, size } = fstatSync(file);
      const memory = known.get(ino) ?? map(path);
      // The latest one is the last.
      known.delete(ino);
      known.set(ino, memory);
      const [oldest] = known.keys();
      if (known.size > MAX_FILES && oldest !== undefined) known.delete(oldest);
      // It may have become shorter.
      return memory.subarray(0, size);
    },
  };
}
