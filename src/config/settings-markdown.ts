import { describeSettings } from "./describe-settings.ts";
import type { SettingDescription } from "./setting-row.ts";

const COLUMNS = ["Variable", "Default", "Accepted", "Meaning"] as const;

function cells({ name, default: fallback, accepted, doc }: SettingDescription): readonly string[] {
  const escaped = (text: string): string => text.replaceAll("|", "\\|").replace(/<\w+>\w*/g, "`$&`");
  return [`\`${name}\``, fallback === "" ? "" : `\`${fallback}\``, escaped(accepted), escaped(doc)];
}

function table(settings: readonly SettingDescription[]): string[] {
  const rows = [COLUMNS, ...settings.map(cells)];
  const widths = COLUMNS.map((_, column) => Math.max(...rows.map((row) => (row[column] ?? "").length)));
  const line = (row: readonly string[]): string =>
    `| ${widths.map((width, column) => (row[column] ?? "").padEnd(width)).join(" | ")} |`;
  const rule = line(widths.map((width) => "-".repeat(width)));
  return rows.flatMap((row, index) => (index === 0 ? [line(row), rule] : [line(row)]));
}

/** The guide's tables of settings, one per group under a heading of level 2. Formatted as the formatter leaves it. */
export function settingsMarkdown(): string {
  return describeSettings()
    .map(({ group, settings }) => [`## ${group}`, "", ...table(settings)].join("\n"))
    .join("\n\n");
}
