import type { HistoryDatabase, Run } from "./database.ts";
import type { Row, Value } from "./row.ts";

/** A statement that inserts rows. */
export interface Insertion {
  readonly table: string;
  readonly columns: readonly string[];
  /** Behind the values. */
  readonly end: string;
}

/**
 * Inserts rows, as many with a statement as are best, and in SQLite what is left one by one: so there are two statements,
 * which it prepares once. To hand over a value takes 30 ns, which of the 28 of a row is half of all. So a column in which none
 * has a value is left out, and a value that all have in common is handed over once for each statement.
 * @returns how many rows have changed
 */
export async function insertRows(
  run: Run,
  { rowsAtOnce, kind }: Pick<HistoryDatabase, "rowsAtOnce" | "kind">,
  insertion: Insertion,
  rows: readonly Row[],
): Promise<number> {
  const shape = findShape(rows, insertion.columns.length);
  const atOnce = Math.min(rowsAtOnce, rows.length);
  // To put a text together costs as much as to run the statement.
  const many = textOf(insertion, shape, atOnce);
  let count = 0;
  let first = 0;
  for (; first + atOnce <= rows.length && atOnce > 0; first += atOnce) {
    count += (await run(many, valuesOf(shape, rows, first, atOnce))).count;
  }
  // A server is asked as seldom as can be.
  const rest = kind === "postgres" ? Math.max(1, rows.length - first) : 1;
  const few = textOf(insertion, shape, rest);
  for (; first < rows.length; first += rest) count += (await run(few, valuesOf(shape, rows, first, rest))).count;
  return count;
}

/** The indexes of columns in which rows have values: of those that all have in common, and of the others. */
interface Shape {
  readonly common: readonly number[];
  readonly own: readonly number[];
}

function findShape([first = [], ...others]: readonly Row[], columns: number): Shape {
  const own: number[] = [];
  let common = Array.from({ length: columns }, (_, index) => index);
  const isSame = (row: Row): boolean => {
    for (let index = 0; index < common.length; index++) {
      const at = common[index] ?? 0;
      if (row[at] !== first[at]) return false;
    }
    return true;
  };
  for (const row of others) {
    if (isSame(row)) continue;
    own.push(...common.filter((index) => row[index] !== first[index]));
    common = common.filter((index) => row[index] === first[index]);
  }
  return { common: common.filter((index) => first[index] !== null), own };
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
