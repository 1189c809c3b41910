import type { HistoryDatabase, Run } from "./database.ts";
import type { Row } from "./row.ts";

/** A statement that inserts rows: its text for a number of rows. */
export type Insertion = (rows: number) => string;

/** @param start up to `VALUES` @param end what is behind the values */
export function createInsertion(start: string, columns: number, end: string): Insertion {
  const places = `(${Array.from({ length: columns }, () => "?").join(", ")})`;
  const write = (rows: number): string => `${start} ${Array.from({ length: rows }, () => places).join(", ")} ${end}`;
  const one = write(1);
  // To put the text together costs as much as to run the statement.
  let last = { rows: 1, text: one };
  return (rows) => {
    if (rows === 1) return one;
    if (rows !== last.rows) last = { rows, text: write(rows) };
    return last.text;
  };
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
  let count = 0;
  for (let first = 0; first < rows.length;) {
    const left = rows.length - first;
    // A server is asked as seldom as can be.
    const taken = left >= rowsAtOnce || kind === "postgres" ? Math.min(left, rowsAtOnce) : 1;
    count += (await run(insertion(taken), rows.slice(first, first + taken).flat())).count;
    first += taken;
  }
  return count;
}
