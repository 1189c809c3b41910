import { COLUMNS, type Row, type Value } from "./row.ts";

/*
 * A record is a line: the CRC-32 of what follows, a space, the row as a JSON array, and the end of the line. JSON has no
 * ends of lines within, so that what comes behind a record that is damaged is found again.
 */

const NEWLINE = 0x0a;
/** More is no row: the longest texts of one make it a tenth of that. */
const MAX_RECORD_BYTES = 64 * 1024;

export function writeRecord(row: Row): string {
  const text = JSON.stringify(row);
  return `${Bun.hash.crc32(text)} ${text}\n`;
}

/** Of the bytes of a file: the rows in them. */
export interface Records {
  readonly rows: readonly Row[];
  /** How many records were damaged. */
  readonly damaged: number;
  /** How many bytes were read: up to the end of the last whole record. */
  readonly bytes: number;
}

/** Reads all whole records of what begins at the start of one. */
export function readRecords(bytes: Buffer): Records {
  const end = bytes.lastIndexOf(NEWLINE) + 1;
  // What is longer than any record will not be one when its end has come.
  if (end === 0 && bytes.length > MAX_RECORD_BYTES) return { rows: [], damaged: 1, bytes: bytes.length };
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
  return { rows, damaged, bytes: end };
}

/** @returns undefined if it is damaged */
function readRecord(text: string, start: number, end: number): Row | undefined {
  const space = text.indexOf(" ", start);
  if (space < 0 || space > end) return undefined;
  const body = text.slice(space + 1, end);
  if (Bun.hash.crc32(body) !== Number(text.slice(start, space))) return undefined;
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
