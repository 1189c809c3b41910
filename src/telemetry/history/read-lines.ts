import type { ReadRows } from "./read-blocks.ts";
import { COLUMNS, type Row, type Value } from "./row.ts";

/*
 * Segments of former versions, which wrote lines: eight hexadecimal digits of the CRC-32 of what follows, a space, the row as
 * a JSON array, and the end of the line. JSON has no ends of lines within, so that what comes behind a record that is damaged
 * is found again.
 */

const NEWLINE = 0x0a;
const CHECKSUM_DIGITS = 8;
/** More is no row: the longest texts of one make it a tenth of that. */
const MAX_RECORD_BYTES = 64 * 1024;

/** Reads all whole records of what begins at the start of one. */
export const readLines: ReadRows = (bytes, isEnd) => {
  const end = bytes.lastIndexOf(NEWLINE) + 1;
  // What is no UTF-8 is read as something else, which has another checksum.
  const text = bytes.toString("utf8", 0, end);
  const rows: Row[] = [];
  let damaged = 0;
  for (let start = 0; start < text.length;) {
    const lineEnd = text.indexOf("\n", start);
    const row = readRecord(text, start, lineEnd);
    if (row) rows.push(row);
    else damaged += 1;
    start = lineEnd + 1;
  }
  // The end of a record that was being written when its process was killed is missing, and what is longer than any is none.
  const isCut = bytes.length > end && (isEnd || (end === 0 && bytes.length > MAX_RECORD_BYTES));
  return { rows, damaged: damaged + (isCut ? 1 : 0), bytes: isCut ? bytes.length : end };
};

/** @returns undefined if it is damaged */
function readRecord(text: string, start: number, end: number): Row | undefined {
  const body = text.slice(start + CHECKSUM_DIGITS + 1, end);
  const checksum = Number.parseInt(text.slice(start, start + CHECKSUM_DIGITS), 16);
  if (Bun.hash.crc32(body) !== checksum) return undefined;
  try {
    const values: unknown = JSON.parse(body);
    if (!Array.isArray(values) || values.length > COLUMNS.length || !values.every(isValue)) return undefined;
    // One from before columns were added.
    while (values.length < COLUMNS.length) values.push(null);
    return values;
  } catch {
    return undefined;
  }
}

const isValue = (value: unknown): value is Value =>
  value === null || typeof value === "string" || typeof value === "number";
