import { settingsMarkdown } from "../../src/config/settings-markdown.ts";
import { providerVariables } from "../../src/config/provider-variables.ts";
import { FAILURES } from "../../src/failure/failure.ts";
import { PROVIDER_TABLE, type ProviderRow } from "../../src/providers/table.ts";

/** A Markdown table as the formatter leaves it. */
export function markdownTable(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? "").length)));
  const line = (row: readonly string[]): string =>
    `| ${widths.map((width, column) => (row[column] ?? "").padEnd(width)).join(" | ")} |`;
  const [heading = [], ...body] = rows;
  return [heading, widths.map((width) => "-".repeat(width)), ...body].map(line).join("\n");
}

function failures(): string {
  const rows = Object.entries(FAILURES).map(([code, { status, type, message }]) => [
    `\`${code}\``,
    String(status),
    `\`${type}\``,
    message,
  ]);
  return markdownTable([["Code", "Status", "Type", "Message"], ...rows]);
}

function notes(row: ProviderRow): string {
  return [
    row.urlParameter ? `\`${row.urlParameter[1]}\` fills in the account` : "",
    row.paths.messages ? "Messages API" : "",
    row.paths.responses ? "Responses API" : "",
    row.paths.embeddings ? "" : "no embeddings",
  ]
    .filter((note) => note !== "")
    .join(", ");
}

function providers(): string {
  const rows = Object.entries<ProviderRow>(PROVIDER_TABLE).map(([id, row]) => {
    const key = row.auth === "none" ? "none" : `\`${providerVariables(id).key}\`${row.keyOptional ? ", optional" : ""}`;
    return [`\`${id}\``, key, `\`${row.url}\``, notes(row)];
  });
  return markdownTable([["Id", "Key", "Base URL, unless `<ID>_API_URL` is set", "Also"], ...rows]);
}

/** The parts of the README that follow from the code, by the name in their `<!-- name:begin -->` and `<!-- name:end -->`. */
export function generatedTables(): Readonly<Record<string, string>> {
  return { providers: providers(), failures: failures(), settings: settingsMarkdown() };
}
