import type { HistoryDatabase, Run } from "./database.ts";
import type { Row } from "./row.ts";

/** A statement that inserts rows, around their values. */
export interface Insertion {
  /** Up to `VALUES`. */
  readonly start: string;
  readonly columns: number;
  /** Behind the values. */
  readonly end: string;
}

/**
 * Inserts rows, as many with a statement as are best, and in SQLite what is left one by one: so there are two statements,
 * which it prepares once.
 * @returns how many rows have changed
 */
export async function insertRows(
  run: Run,
  { rowsAtOnce, kind }: Pick<HistoryDatabase, "rowsAtOnce" | "kind">,
  insertion: Insertion,
  rows: readonly Row[],
): Promise<number> {
  const atOnce = Math.min(rowsAtOnce, rows.length);
  // To put a text together costs as much as to run the statement.
  const many = textOf(insertion, atOnce);
  let count = 0;
  let first = 0;
  for (; first + atOnce <= rows.length && atOnce > 0; first += atOnce) {
    count += (await run(many, rows.slice(first, first + atOnce).flat())).count;
  }
  // A server is asked as seldom as can be.
  const rest = kind === "postgres" ? Math.max(1, rows.length - first) : 1;
  const few = textOf(insertion, rest);
  for (; first < rows.length; first += rest) count += (await run(few, rows.slice(first, first + rest).flat())).count;
  return count;
}

function textOf({ start, columns, end }: Insertion, rows: number): string {
  const places = `(${Array.from({ length: columns }, () => "?").join(", ")})`;
  return `${start} ${Array.from({ length: rows }, () => places).join(", ")} ${end}`;
}
