/** A column's title and what stands in it for a row. */
export type Column<Row> = readonly [title: string, cell: (row: Row) => string];

/** A number with that many digits, and `-` where there is none. */
export function figure(value: number | undefined, digits: number, suffix = ""): string {
  return value === undefined ? "-" : value.toFixed(digits) + suffix;
}

/** A share as a percentage. */
export const percentage = (value: number | undefined): string =>
  figure(value === undefined ? undefined : value * 100, 0, " %");

/** Bytes in MiB. */
export const mebibytes = (value: number | undefined): string =>
  figure(value === undefined ? undefined : value / 1048576, 1);

/** Bytes in KiB. */
export const kibibytes = (value: number | undefined): string =>
  figure(value === undefined ? undefined : value / 1024, 1);

/** Lays rows out under their titles: the first column to the left, the others to the right. */
export function table<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): string {
  const cells = [columns.map(([title]) => title), ...rows.map((row) => columns.map(([, cell]) => cell(row)))];
  const widths = columns.map((_, index) => Math.max(...cells.map((line) => line[index]?.length ?? 0)));
  return cells
    .map((line) =>
      line
        .map((cell, index) => (index === 0 ? cell.padEnd(widths[index] ?? 0) : cell.padStart(widths[index] ?? 0)))
        .join("  ")
        .trimEnd(),
    )
    .map((line) => `  ${line}`)
    .join("\n");
}
