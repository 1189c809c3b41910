import { type ColumnName, TOKEN_COLUMNS } from "./row.ts";

/*
 * A segment of the spool is a sequence of blocks: what one write added, or 64 KB. A block can be read without any other, so
 * that one that is damaged costs no other. All in it lies at multiples of eight bytes, in the order of bytes of the machine:
 *
 *   header     eight words of 32 bits: a mark, the length of the block in bytes, the checksum of all that follows it,
 *              how many rows it has, what the ids of its rows are made of (two words: see row-id.ts), the number of its
 *              first row, the number of its segment
 *   values     that rows have in common, before the first one that has them: all bits of a word set, the length of the text
 *              in bytes, the text: a JSON array of the values of SHARED_COLUMNS
 *   row        a word: which of these values in the block has it; a word: the length of the request id, and above 16 bits
 *              that of the cost; the time and NUMBER_COLUMNS, as doubles, of which those that are missing are no numbers;
 *              the request id and the digits of the cost, in one byte for each character
 *
 * The name of a file says that it is of this form. Another form gets another name, so that an older gateway leaves it alone.
 */

export const MARK = 0x710c_4151;
export const HEADER_BYTES = 32;
/** No block is longer. */
export const MAX_BLOCK_BYTES = 64 * 1024;

/** Where in a header, in words. */
export const HEADER = { mark: 0, length: 1, checksum: 2, rows: 3, seed: 4, first: 6, segment: 7 } as const;

/** At the place of a row: values that the next rows have in common. */
export const SHARED = -1;

/** The columns in which most rows have what the one before has. */
export const SHARED_COLUMNS = [
  "route",
  "format",
  "identity",
  "provider",
  "model",
  "alias",
  "attempts",
  "status",
  "outcome",
  "failure",
  "streaming",
  "client_address",
  "usage_source",
] as const satisfies readonly ColumnName[];

/** All other columns that have numbers, beside the time. */
export const NUMBER_COLUMNS = [
  ...TOKEN_COLUMNS,
  "total_ms",
  "response_header_ms",
  "first_byte_ms",
  "queue_ms",
  "bytes_in",
  "bytes_out",
] as const satisfies readonly ColumnName[];

/** The part of a row before its texts: two words, the time, and the numbers. */
export const ROW_BYTES = 8 * (2 + NUMBER_COLUMNS.length);

/** The next multiple of eight. */
export const aligned = (bytes: number): number => (bytes + 7) & ~7;

const ODD = 0x9e37_79b1;

/**
 * Of a block whose header begins at a word. A word that is changed always shows: each step maps the values of one word, and
 * those of all before it, one to one. In the language itself, because a view of the bytes for a call out of it would cost as
 * much as all of this; and of two halves, because each step waits for the one before.
 */
export function checksumOf(words: Int32Array, start: number, end: number): number {
  let even = words[start + HEADER.length] ?? 0;
  let odd = words[start + HEADER.rows] ?? 0;
  // From an even number of words to another one.
  for (let at = start + HEADER.seed; at < end; at += 2) {
    even = Math.imul(even ^ (words[at] ?? 0), ODD);
    odd = Math.imul(odd ^ (words[at + 1] ?? 0), ODD);
    even ^= even >>> 15;
    odd ^= odd >>> 15;
  }
  return Math.imul(even, ODD) ^ odd;
}
