import { COUNT_GENERATE_TOKENS } from "../../src/formats/gemini/format.ts";
import type { ApiName } from "../../src/formats/format.ts";
import { COUNT_TOKENS } from "../../src/formats/messages/format.ts";
import { PROVIDER_APIS, type ProviderApiName } from "../../src/providers/api-paths.ts";
import type { ProviderApi } from "../../src/providers/provider.ts";
import type { ProviderRow } from "../../src/providers/provider-row.ts";
import { GOOGLE_NATIVE_ROW, PROVIDER_TABLE } from "../../src/providers/table.ts";
import { chooseCounter, chooseWire } from "../../src/routing/choose-way.ts";
import { markdownTable } from "./markdown-table.ts";

export const API_TITLES: Readonly<Record<ProviderApiName, string>> = {
  models: "Models",
  chat: "Chat Completions",
  messages: "Messages",
  responses: "Responses",
  generate: "Gemini API",
  countTokens: "`count_tokens`",
  inputTokens: "`input_tokens`",
  completions: "Completions",
  embeddings: "Embeddings",
  countGenerateTokens: "`countTokens`",
  converse: "Converse",
  cohere: "Cohere's chat",
};

/** Those that are translated, and then the others, because one table of all is too wide to be read. */
const CLIENT_APIS: readonly (readonly ApiName[])[] = [
  ["chat", "messages", "responses", "generate"],
  ["countTokens", "countGenerateTokens", "completions", "embeddings"],
];

/** All providers, and Google as it is with that setting. */
const PROVIDERS: readonly (readonly [string, ProviderRow])[] = [
  ...Object.entries<ProviderRow>(PROVIDER_TABLE).map(([id, row]) => [`\`${id}\``, row] as const),
  ["`google` with `GOOGLE_WIRE=native`", GOOGLE_NATIVE_ROW],
];

const ANY_API: ProviderApi = { url: "", defaults: {}, fixed: {} };

/** Whether a provider has an API, below its base URL or elsewhere. */
export const hasApi = (row: ProviderRow, name: ProviderApiName): boolean =>
  [row, ...(row.bases ?? [])].some(({ paths }) => paths[name] !== undefined);

/** How each API of clients reaches each provider; providers that are alike share a row. */
export function clientApis(): string {
  return CLIENT_APIS.map((clients) => {
    const alike = Map.groupBy(PROVIDERS, ([, row]) => clients.map((client) => wayTo(row, client)).join("|"));
    const rows = [...alike].map(([ways, rows]) => [rows.map(([name]) => name).join(", "), ...ways.split("|")]);
    return markdownTable([["Providers", ...clients.map((client) => API_TITLES[client])], ...rows]);
  }).join("\n\nCounts of tokens, and the APIs that are never translated:\n\n");
}

function wayTo(row: ProviderRow, client: ApiName): string {
  const apis = Object.fromEntries(PROVIDER_APIS.map((name) => [name, hasApi(row, name) ? ANY_API : undefined]));
  const provider = { apis: { models: ANY_API, ...apis }, ...(row.wires && { wires: row.wires }) };
  const counting = [COUNT_TOKENS, COUNT_GENERATE_TOKENS].find(({ api }) => api === client);
  // Of a provider with several families of models, what any of them has.
  const families = row.families?.map((family) => [{ ...family, models: /^/ }]) ?? [undefined];
  const ways = families.map((family) => {
    const some = { ...provider, ...(family && { families: family }) };
    const counter = counting && chooseCounter(some, counting, true, "");
    if (counter === "estimate") return counter;
    const wire = counter !== undefined && counter !== "native" ? counter : chooseWire(some, client, "");
    return wire === undefined ? "no" : wire === client ? "native" : `via ${API_TITLES[wire]}`;
  });
  return [...new Set(ways)].join(" or ");
}
