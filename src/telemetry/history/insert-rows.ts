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
 * Inserts rows, as many with a statement as are best, and what is left one by one: so there are two statements, which
 * SQLite prepares once.
 * @returns how many rows have changed
 */
export async function insertRows(
  run: Run,
  { rowsAtOnce, kind }: Pick<HistoryDatabase, "rowsAtOnce" | "kind">,
  { start, columns, end }: Insertion,
  rows: readonly Row[],
): Promise<number> {
  const places = `(${Array.from({ length: columns }, () => "?").join(", ")})`;
  let count = 0;
  for (let first = 0; first < rows.length;) {
    const left = rows.length - first;
    // A server is asked as seldom as can be.
    const taken = left >= rowsAtOnce || kind === "postgres" ? Math.min(left, rowsAtOnce) : 1;
    const statement = `${start} ${Array.from({ length: taken }, () => places).join(", ")} ${end}`;
    count += (await run(statement, rows.slice(first, first + taken).flat())).count;
    first += taken;
  }
  return count;
}
