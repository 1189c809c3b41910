/** A column's title and what stands in it for a row. */
export type Column<Row> = readonly [title: string, cell: (row: Row) => string];

/** A number with that many digits, and `-` if there is none. */
export function figure(value: number | undefined, digits: number, suffix = ""): string {
  return Number.isFinite(value) ? (value ?? 0).toFixed(digits) + suffix : "-";
}

const scaled = (factor: number, digits: number, suffix = "") => {
  return (value: number | undefined): string => figure(value === undefined ? value : value * factor, digits, suffix);
};
/** A share as a percentage. */
export const percentage = scaled(100, 0, " %");
/** Bytes in MiB. */
export const mebibytes = scaled(1 / 1048576, 1);
/** Bytes in KiB. */
export const kibibytes = scaled(1 / 1024, 1);

/** A Markdown table as the formatter leaves it: the first column to the left, the others to the right. */
export function table<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): string {
  const cells = [columns.map(([title]) => title), ...rows.map((row) => columns.map(([, cell]) => cell(row)))];
  const widths = columns.map((_, index) => Math.max(3, ...cells.map((line) => line[index]?.length ?? 0)));
  const rule = widths.map((width, index) => (index === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`));
  const pad = (cell: string, index: number): string =>
    index === 0 ? cell.padEnd(widths[index] ?? 0) : cell.padStart(widths[index] ?? 0);
  const [heading = [], ...body] = cells;
  return [heading, rule, ...body].map((line) => `| ${line.map(pad).join(" | ")} |`).join("\n");
}

/** One thing that has to hold, and whether it does. */
export interface Finding {
  readonly holds: boolean;
  readonly text: string;
}

export const finding = (holds: boolean, text: string): Finding => ({ holds, text });

/** Prints findings, one a line. Returns the exit code of a process that has to have them all hold. */
export function reportFindings(findings: readonly Finding[]): number {
  for (const { holds, text } of findings) console.log(`${holds ? "ok    " : "FAILED"} ${text}`);
  return findings.every(({ holds }) => holds) ? 0 : 1;
}

/** Writes what a program saw as JSON, if a file was named. */
export async function writeJson(file: string | undefined, value: object): Promise<void> {
  if (file !== undefined) await Bun.write(file, `${JSON.stringify(value, null, 2)}\n`);
}
