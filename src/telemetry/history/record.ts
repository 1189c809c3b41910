import { COLUMNS, type Row, type Value } from "./row.ts";

/*
 * A record is a line: eight hexadecimal digits of the CRC-32 of what follows, a space, the row as a JSON array, and the end
 * of the line. JSON has no ends of lines within, so that what comes behind a record that is damaged is found again.
 */

const NEWLINE = 0x0a;
const SPACE = 0x20;
const CHECKSUM_DIGITS = 8;
const DIGITS = Buffer.from("0123456789abcdef");
/** More is no row: the longest texts of one make it a tenth of that. */
const MAX_RECORD_BYTES = 64 * 1024;

/** No record of a row with that JSON takes more bytes. */
export const roomForRecord = (json: string): number => CHECKSUM_DIGITS + 1 + 3 * json.length + 1;

/**
 * Writes the record of a row into a buffer, which has room for it. A text of all its parts would cost more than this, and a
 * view of the bytes for their checksum more than all the rest: the collector has to look after it.
 * @returns where it ends
 */
export function putRecord(buffer: Buffer, start: number, json: string): number {
  const body = start + CHECKSUM_DIGITS + 1;
  const end = body + buffer.write(json, body);
  // A text is taken as UTF-8. What is half of a pair of surrogates JSON writes as digits.
  let checksum = Bun.hash.crc32(json);
  for (let at = start + CHECKSUM_DIGITS - 1; at >= start; at--) {
    buffer[at] = DIGITS[checksum & 15] ?? 0;
    checksum >>>= 4;
  }
  buffer[body - 1] = SPACE;
  buffer[end] = NEWLINE;
  return end + 1;
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
