import { aligned, HEADER, HEADER_BYTES, NUMBER_COLUMNS, ROW_BYTES, SHARED, SHARED_COLUMNS } from "./block-format.ts";
import { findHeader, isGood, lengthAt, type Views, viewsOf } from "./find-blocks.ts";
import { COLUMNS, indexOf, type Row, type Value } from "./row.ts";
import { createRowIds, type RowIds, type RowIdSeed } from "./row-id.ts";

/** The rows in a part of a segment. */
export interface ReadPart {
  readonly rows: readonly Row[];
  /** How many pieces were damaged: what is left of something that cannot be read counts as one. */
  readonly damaged: number;
  /** How many bytes were read; those that follow may still become whole. */
  readonly bytes: number;
}

const ID = indexOf("id");
const TIME = indexOf("time");
const REQUEST_ID = indexOf("request_id");
const COST = indexOf("cost");
const SHARED_AT = SHARED_COLUMNS.map(indexOf);
const NUMBERS_AT = NUMBER_COLUMNS.map(indexOf);
const IS_MILLISECONDS = NUMBERS_AT.map((at) => COLUMNS[at]?.[1] === "milliseconds");

/** So many texts of values that rows have in common are remembered. */
const MAX_KNOWN = 1024;

/** So that sums stay below 2^63. */
const MAX_INTEGER = 1e12;

/** Postgres takes only whole numbers, and providers are not trusted to tell such. Milliseconds have two decimals. */
function numberOf(value: number, isMilliseconds: boolean | undefined): number {
  if (isMilliseconds) return Math.round(value * 100) / 100;
  const whole = Math.round(Math.min(Math.max(value, 0), MAX_INTEGER));
  // What the runtime knows to be a small whole number the database need not make one.
  return whole === (whole | 0) ? whole | 0 : whole;
}

/** Reads the rows of a segment, a part of it at a time, from its beginning on. */
export type ReadRows = (
  /** What is behind that which was read before. */
  bytes: Buffer,
  /** Whether nothing will follow. */
  isEnd: boolean,
) => ReadPart;

/**
 * Makes what reads a segment of blocks. Bytes begin at a multiple of eight in their memory.
 * @param segment its number, if its blocks have it. What comes behind the last of these is then what was there before, and not
 * damaged; undefined for a file of a former version, which was never another one
 */
export function createBlockReader(segment?: number): ReadRows {
  /** Rows with nothing but the values that are in such a text. */
  const known = new Map<string, Row>();
  const sharing = (json: string): Row => {
    let row = known.get(json);
    if (row) return row;
    if (known.size >= MAX_KNOWN) known.clear();
    known.set(json, (row = sharedRow(json)));
    return row;
  };
  let seed: RowIdSeed | undefined;
  let idOf = createRowIds({ high: 0, low: 0 });
  /** Those of one process are the same in all its blocks. */
  const idsOf = (high: number, low: number) => {
    if (seed?.high === high && seed.low === low) return idOf;
    seed = { high, low };
    return (idOf = createRowIds(seed));
  };

  return (bytes, isEnd) => {
    const rows: Row[] = [];
    const { words, doubles } = viewsOf(bytes);
    /** Where the last of these texts was, which is likely to be the next one, too: to compare costs less than to read. */
    let lastAt = 0;
    let lastLength = -1;
    let lastRow: Row = [];
    const sharedAt = (at: number, length: number): Row => {
      if (length === lastLength && areSame(words, at >>> 2, lastAt >>> 2, aligned(length) >>> 2)) return lastRow;
      lastRow = sharing(bytes.toString("utf8", at, at + length));
      lastAt = at;
      lastLength = length;
      return lastRow;
    };
    let damaged = 0;
    let start = 0;
    while (start < bytes.length) {
      const length = lengthAt(words, start, segment);
      if (length !== undefined && start + length > bytes.length && !isEnd) break;
      if (length !== undefined && isGood(words, start, length)) {
        readBlock({ bytes, words, doubles, sharedAt, idsOf }, start, start + length, rows);
        start += length;
        continue;
      }
      if (length === undefined && bytes.length - start < HEADER_BYTES && !isEnd) break;
      const next = findHeader(bytes, start + 1, segment);
      if (segment === undefined || length !== undefined || next < bytes.length) damaged += 1;
      start = next;
      // What follows is out of its place, and is in it again if it is read from there.
      if (start % 8 !== 0) break;
    }
    return { rows, damaged, bytes: start };
  };
}

function areSame(words: Int32Array, one: number, other: number, count: number): boolean {
  for (let index = 0; index < count; index++) if (words[one + index] !== words[other + index]) return false;
  return true;
}

/** A row with nothing but the values that it has in common with others. */
function sharedRow(json: string): Row {
  const values = JSON.parse(json) as readonly Value[];
  const row: Value[] = COLUMNS.map(() => null);
  for (const [index, at] of SHARED_AT.entries()) row[at] = values[index] ?? null;
  return row;
}

interface Source extends Views {
  readonly bytes: Buffer;
  readonly sharedAt: (at: number, length: number) => Row;
  readonly idsOf: (high: number, low: number) => RowIds;
}

/** Adds the rows of a block. */
function readBlock({ bytes, words, doubles, sharedAt, idsOf }: Source, start: number, end: number, rows: Row[]): void {
  const head = start >>> 2;
  const idOf = idsOf(words[head + HEADER.seed] ?? 0, words[head + HEADER.seed + 1] ?? 0);
  let number = words[head + HEADER.first] ?? 0;
  const shared: Row[] = [];
  for (let at = start + HEADER_BYTES; at < end;) {
    const which = words[at >>> 2] ?? 0;
    const lengths = words[(at >>> 2) + 1] ?? 0;
    if (which === SHARED) {
      shared.push(sharedAt(at + 8, lengths));
      at += 8 + aligned(lengths);
      continue;
    }
    const row = (shared[which] ?? []).slice();
    const text = at + ROW_BYTES;
    const costAt = text + (lengths & 0xffff);
    const textsEnd = costAt + (lengths >>> 16);
    const double = (at >>> 3) + 1;
    const time = doubles[double] ?? 0;
    row[ID] = idOf(time, number);
    row[TIME] = time;
    row[REQUEST_ID] = bytes.toString("latin1", text, costAt);
    for (let index = 0; index < NUMBERS_AT.length; index++) {
      const value = doubles[double + 1 + index] ?? NaN;
      // In most rows half of them are missing.
      if (!Number.isNaN(value)) row[NUMBERS_AT[index] ?? 0] = numberOf(value, IS_MILLISECONDS[index]);
    }
    if (textsEnd > costAt) row[COST] = bytes.toString("latin1", costAt, textsEnd);
    rows.push(row);
    number = (number + 1) | 0;
    at = text + aligned(textsEnd - text);
  }
}
