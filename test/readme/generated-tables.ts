import { describeSettings } from "../../src/config/describe-settings.ts";
import { settingsMarkdown } from "../../src/config/settings-markdown.ts";
import { providerVariables } from "../../src/config/providers/provider-variables.ts";
import { FAILURES } from "../../src/core/errors.ts";
import { FAMILY_ROWS } from "../../src/telemetry/metrics/families.ts";
import type { ProviderRow } from "../../src/providers/provider-row.ts";
import { PROVIDER_TABLE } from "../../src/providers/table.ts";
import { carriedTable } from "./carried-members.ts";
import { clientApis, hasApi } from "./client-apis.ts";
import { fileReference } from "./file-reference.ts";
import { GUIDE, README } from "./markdown.ts";
import { markdownTable } from "./markdown-table.ts";
import { featureTable, performanceLines, performanceTable } from "./performance-figures.ts";

/** The settings that the README shows. */
const SETTINGS_SHOWN = [
  "CUSTOM_PROVIDERS",
  "ALLOWED_MODELS",
  "ERROR_FORMAT",
  "SERVER_HOST",
  "SERVER_PORT",
  "SERVER_WORKERS",
  "SERVER_MAX_CONCURRENT_REQUESTS",
  "CLIENT_RESPONSE_HEADER_TIMEOUT",
  "AUTH_ENABLED",
  "MCP_SERVERS",
];

function metrics(): string {
  const rows = FAMILY_ROWS.map(([, { name, kind, labels, help }]) => [
    `\`${name}\``,
    kind,
    help,
    labels.map((label) => `\`${label}\``).join(", "),
  ]);
  return markdownTable([["Name", "Type", "Meaning", "Labels"], ...rows]);
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

const NOTES_OF_CLOUDS = {
  aws: "AWS credentials",
  google: "Google Cloud tokens",
  entra: "Entra tokens",
} as const satisfies Record<NonNullable<ProviderRow["credential"]>, string>;

function notes(row: ProviderRow): string {
  return [
    row.credential ? NOTES_OF_CLOUDS[row.credential] : "",
    row.urlParameters ? `needs ${listOf(row.urlParameters.map(({ variable }) => variable))}` : "",
    hasApi(row, "messages") ? "Messages API" : "",
    hasApi(row, "responses") ? "Responses API" : "",
    hasApi(row, "generate") ? "Gemini API" : "",
    hasApi(row, "embeddings") ? "" : "no embeddings",
  ]
    .filter((note) => note !== "")
    .join(", ");
}

function keyOf(id: string, row: ProviderRow): string {
  return row.auth === "none"
    ? "none"
    : `\`${providerVariables(id).key}\`${row.keyOptional || row.credential ? ", optional" : ""}`;
}

const PROVIDER_ROWS = Object.entries<ProviderRow>(PROVIDER_TABLE);

function providers(): string {
  const rows = PROVIDER_ROWS.map(([id, row]) => [`\`${id}\``, keyOf(id, row), `\`${row.url}\``, notes(row)]);
  return markdownTable([["Id", "Key", "Base URL, unless `<ID>_API_URL` is set", "Also"], ...rows]);
}

const listOf = (names: readonly string[]): string => names.map((name) => `\`${name}\``).join(", ");

/** The ids by what configures them, because a table would be as long as the rest of the page. */
function providersShort(): string {
  const idsOf = (isOf: (row: ProviderRow) => boolean): readonly string[] =>
    PROVIDER_ROWS.flatMap(([id, row]) => (isOf(row) ? [id] : []));
  const isLocal = (row: ProviderRow): boolean => row.auth === "none" || row.keyOptional === true;
  const others = PROVIDER_ROWS.flatMap(([id, { urlParameters }]) =>
    urlParameters ? [`\`${id}\` (${listOf(urlParameters.map(({ variable }) => variable))})`] : [],
  );
  const isCloud = ({ credential, urlParameters }: ProviderRow): boolean => credential !== undefined && !urlParameters;
  return [
    `- By \`<ID>_API_KEY\`: ${listOf(idsOf((row) => !isLocal(row) && !row.urlParameters && !isCloud(row)))}.`,
    `- By a key, or the [credentials of a cloud](src/guide/providers.md#amazon-bedrock): ${listOf(idsOf(isCloud))}.`,
    `- By that and what is in brackets: ${others.join(", ")}.`,
    `- By \`<ID>_API_URL\`, on your own machines: ${listOf(idsOf(isLocal))}.`,
  ].join("\n");
}

/** A list, because a table would be as wide as its longest text in every row. */
function settingsShort(): string {
  const all = describeSettings().flatMap(({ settings }) => settings);
  return SETTINGS_SHOWN.map((name) => {
    const setting = all.find((setting) => setting.name === name);
    if (setting === undefined) throw new Error(`there is no setting ${name}`);
    const fallback = setting.default === "" ? "" : ` (\`${setting.default}\`)`;
    return `- \`${name}\`${fallback}: ${setting.doc.replace(/<\w+>\w*/g, "`$&`")}`;
  }).join("\n");
}

/** A part of a page that follows from the code or from measured figures. */
export interface GeneratedTable {
  /** Path of the page, relative to the project. */
  readonly page: string;
  /** The name in its `<!-- name:begin -->` and `<!-- name:end -->`. */
  readonly name: string;
  readonly text: string;
}

/** Every generated part of the documentation, as it has to be. */
export async function generatedTables(): Promise<readonly GeneratedTable[]> {
  return [
    { page: README, name: "providers-short", text: providersShort() },
    { page: README, name: "settings-short", text: settingsShort() },
    { page: README, name: "performance", text: performanceTable() },
    { page: `${GUIDE}/providers.md`, name: "providers", text: providers() },
    { page: `${GUIDE}/client-apis.md`, name: "client-apis", text: clientApis() },
    { page: `${GUIDE}/client-apis.md`, name: "carried-members", text: await carriedTable() },
    { page: `${GUIDE}/observability.md`, name: "metrics", text: metrics() },
    { page: `${GUIDE}/settings.md`, name: "settings", text: settingsMarkdown() },
    { page: `${GUIDE}/config-file.md`, name: "reference", text: fileReference() },
    { page: `${GUIDE}/errors.md`, name: "failures", text: failures() },
    { page: `${GUIDE}/performance.md`, name: "performance", text: performanceLines() },
    { page: `${GUIDE}/performance.md`, name: "features", text: featureTable() },
  ];
}
