import { expect, test } from "bun:test";
import { createInsertRows } from "../../../src/telemetry/history/insert-rows.ts";
import type { Row, Value } from "../../../src/telemetry/history/row.ts";

/** Inserts into a table that only notes what it is told. */
function openNotes(rowsAtOnce: readonly number[]) {
  const said: { readonly text: string; readonly values: readonly Value[] }[] = [];
  const insertRows = createInsertRows({ rowsAtOnce }, { table: "t", columns: ["a", "b", "c"], end: "END" });
  const insert = (rows: readonly Row[]): Promise<number> =>
    insertRows(async (text, values = []) => {
      said.push({ text, values });
      return { rows: [], count: 1 };
    }, rows);
  return { said, insert };
}

const rowsOf = (count: number, b: (index: number) => Value = () => "same"): readonly Row[] =>
  Array.from({ length: count }, (_, index) => [index, b(index), null]);

test("as many rows as can be are inserted at once, and the fewest statements say them all", async () => {
  const { said, insert } = openNotes([100, 20, 1]);
  expect(await insert(rowsOf(243))).toBe(2 + 2 + 3);
  const counts = said.map(({ values }) => values.length - 1);
  expect(counts).toEqual([100, 100, 20, 20, 1, 1, 1]);
  expect(said.flatMap(({ values }) => values.slice(1))).toEqual(Array.from({ length: 243 }, (_, index) => index));
  expect(new Set(said.map(({ text }) => text)).size).toBe(3);
  expect(said.at(-1)).toEqual({ text: "INSERT INTO t (b, a) VALUES (?1, ?2) END", values: ["same", 242] });
});

test("what is left goes into one statement if there is no size for it", async () => {
  const { said, insert } = openNotes([100]);
  await insert(rowsOf(103));
  expect(said.map(({ values }) => values.length - 1)).toEqual([100, 3]);
});

test("a column that has varied is handed over for each row of the next batches, so that their statements are the same", async () => {
  const { said, insert } = openNotes([2]);
  for (const b of [(index: number) => index, () => "same", () => null]) await insert(rowsOf(2, b));
  expect(new Set(said.map(({ text }) => text))).toEqual(
    new Set(["INSERT INTO t (a, b) VALUES (?1, ?2), (?3, ?4) END"]),
  );
  expect(said.map(({ values }) => values)).toEqual([
    [0, 0, 1, 1],
    [0, "same", 1, "same"],
    [0, null, 1, null],
  ]);
});

test("a column that has not varied for long is handed over once again", async () => {
  const { said, insert } = openNotes([2]);
  await insert(rowsOf(2, (index) => index));
  for (let batch = 0; batch < 100; batch++) await insert(rowsOf(2));
  expect(said.at(-1)?.values).toEqual(["same", 0, 1]);
});
