import { COLUMNS, type Row, type Value } from "./row.ts";

/*
 * A record is a line: eight hexadecimal digits of the CRC-32 of what follows, a space, the row as a JSON array, and the end
 * of the line. JSON has no ends of lines within, so that what comes behind a record that is damaged is found again.
 */

const NEWLINE = 0x0a;
const CHECKSUM_DIGITS = 8;
/** More is no row: the longest texts of one make it a tenth of that. */
const MAX_RECORD_BYTES = 64 * 1024;

export function writeRecord(row: Row): string {
  const text = JSON.stringify(row);
  return `${Bun.hash.crc32(text).toString(16).padStart(CHECKSUM_DIGITS, "0")} ${text}\n`;
}

/** Of the bytes of a file: the rows in them. */
export interface Records {
  readonly rows: readonly Row[];
  /** How many records were damaged. */
  readonly damaged: number;
  /** How many bytes were read: up to the end of the last whole record. */
  readonly bytes: number;
}

/**
 * Reads what begins at the start of a record.
 * @param maxRows it stops after so many
 */
export function readRecords(bytes: Buffer, maxRows: number): Records {
  const rows: Row[] = [];
  let damaged = 0;
  let start = 0;
  while (rows.length < maxRows) {
    const end = bytes.indexOf(NEWLINE, start);
    if (end < 0) {
      // What is longer than any record will not be one when its end has come.
      if (bytes.length - start <= MAX_RECORD_BYTES) break;
      return { rows, damaged, bytes: bytes.length };
    }
    const row = readRecord(bytes.subarray(start, end));
    if (row) rows.push(row);
    else damaged += 1;
    start = end + 1;
  }
  return { rows, damaged, bytes: start };
}

/** @returns undefined if it is damaged */
function readRecord(line: Buffer): Row | undefined {
  const text = line.toString();
  const body = text.slice(CHECKSUM_DIGITS + 1);
  // What is no UTF-8 is read as something else, which has another checksum.
  if (Bun.hash.crc32(body) !== Number.parseInt(text.slice(0, CHECKSUM_DIGITS), 16)) return undefined;
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
