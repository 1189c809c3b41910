/** A Markdown table as the formatter leaves it. */
export function markdownTable(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(3, ...rows.map((row) => (row[column] ?? "").length)));
  const line = (row: readonly string[]): string =>
    `| ${widths.map((width, column) => (row[column] ?? "").padEnd(width)).join(" | ")} |`;
  const [heading = [], ...body] = rows;
  return [heading, widths.map((width) => "-".repeat(width)), ...body].map(line).join("\n");
}
