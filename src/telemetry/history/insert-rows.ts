import type { HistoryDatabase, Run } from "./database.ts";
import type { Row, Value } from "./row.ts";

/** A statement that inserts rows. */
export interface Insertion {
  readonly table: string;
  readonly columns: readonly string[];
  /** Behind the values. */
  readonly end: string;
}

/** Inserts rows in a transaction. @returns how many rows have changed */
export type InsertRows = (run: Run, rows: readonly Row[]) => Promise<number>;

/** After so many calls it is looked anew which columns vary. */
const FORGOTTEN_AFTER = 64;
/** So many texts of statements are kept: to put one together costs as much as to run the statement. */
const MAX_TEXTS = 16;

/**
 * Makes what inserts rows with few statements, and with the same ones each time: a database prepares each text once. To hand
 * over a value takes 30 ns, which of the 28 of a row is half of all. So a column in which none has a value is left out, and a
 * value that all have in common is handed over once for each statement, if its column has not varied lately.
 */
export function createInsertRows(
  { rowsAtOnce }: Pick<HistoryDatabase, "rowsAtOnce">,
  insertion: Insertion,
): InsertRows {
  const texts = new Map<string, string>();
  let varied = new Set<number>();
  let calls = 0;
  const textFor = (shape: Shape, rows: number): string => {
    const key = `${rows} ${shape.common.join()} ${shape.own.join()}`;
    let text = texts.get(key);
    if (text !== undefined) return text;
    if (texts.size >= MAX_TEXTS) texts.clear();
    texts.set(key, (text = textOf(insertion, shape, rows)));
    return text;
  };
  return async (run, rows) => {
    if (calls++ % FORGOTTEN_AFTER === 0) varied = new Set();
    const shape = findShape(rows, insertion.columns.length, varied);
    for (const index of shape.own) varied.add(index);
    let count = 0;
    let first = 0;
    const insert = async (text: string, many: number): Promise<void> => {
      count += (await run(text, valuesOf(shape, rows, first, many))).count;
      first += many;
    };
    for (const many of rowsAtOnce) {
      if (first + many > rows.length) continue;
      const text = textFor(shape, many);
      while (first + many <= rows.length) await insert(text, many);
    }
    const rest = rows.length - first;
    if (rest > 0) await insert(textOf(insertion, shape, rest), rest);
    return count;
  };
}

/** The indexes of columns in which rows have values: of those that all have in common, and of the others. */
interface Shape {
  readonly common: readonly number[];
  readonly own: readonly number[];
}

/** @param varied columns that are not in common even if they are here */
function findShape(rows: readonly Row[], columns: number, varied: ReadonlySet<number>): Shape {
  const first = rows[0] ?? [];
  const own = [...varied];
  let common = Array.from({ length: columns }, (_, index) => index).filter((index) => !varied.has(index));
  const isSame = (row: Row): boolean => {
    for (let index = 0; index < common.length; index++) {
      const at = common[index] ?? 0;
      if (row[at] !== first[at]) return false;
    }
    return true;
  };
  for (const row of rows) {
    if (isSame(row)) continue;
    own.push(...common.filter((index) => row[index] !== first[index]));
    common = common.filter((index) => row[index] === first[index]);
  }
  // In one order, so that the text is the same one.
  return { common: common.filter((index) => first[index] !== null), own: own.sort((one, other) => one - other) };
}

function textOf({ table, columns, end }: Insertion, { common, own }: Shape, rows: number): string {
  const shared = common.map((_, index) => `?${index + 1}`);
  let last = common.length;
  const places = (): string => `(${[...shared, ...own.map(() => `?${++last}`)].join(", ")})`;
  const names = [...common, ...own].map((index) => columns[index]).join(", ");
  return `INSERT INTO ${table} (${names}) VALUES ${Array.from({ length: rows }, places).join(", ")} ${end}`;
}

/** For so many rows. `flat` takes twice as long. */
function valuesOf({ common, own }: Shape, rows: readonly Row[], first: number, count: number): readonly Value[] {
  const values = common.map((index) => rows[first]?.[index] ?? null);
  for (let at = first; at < first + count; at++) {
    const row = rows[at] ?? [];
    for (let index = 0; index < own.length; index++) values.push(row[own[index] ?? 0] ?? null);
  }
  return values;
}
