import { expect, test } from "bun:test";
import type { ApiName } from "../../src/formats/format.ts";
import type { ProviderApiName } from "../../src/providers/api-paths.ts";
import { chooseWire } from "../../src/routing/choose-way.ts";

const api = { url: "http://provider.example/", defaults: {}, fixed: {} };

const CASES: readonly (readonly [
  client: ApiName,
  apis: readonly ProviderApiName[],
  wire: ProviderApiName | undefined,
])[] = [
  ["chat", ["chat"], "chat"],
  ["chat", ["messages", "responses", "chat"], "chat"],
  ["chat", ["responses", "messages"], "messages"],
  ["chat", ["responses"], "responses"],
  ["messages", ["messages", "chat"], "messages"],
  ["messages", ["chat", "responses"], "responses"],
  ["messages", ["chat"], "chat"],
  ["responses", ["chat", "messages"], "messages"],
  ["responses", ["chat"], "chat"],
  ["responses", ["responses", "messages"], "responses"],
  ["messages", ["chat", "cohere"], "cohere"],
  ["responses", ["chat", "cohere", "converse"], "converse"],
  ["messages", ["converse", "responses"], "responses"],
  ["chat", ["chat", "cohere", "converse"], "chat"],
  ["embeddings", ["converse", "cohere"], undefined],
  ["messages", ["embeddings", "completions"], undefined],
  ["countTokens", ["messages", "chat"], undefined],
  ["embeddings", ["messages", "chat", "responses"], undefined],
];

test.each(CASES)("a request of %s for a provider with %j goes over %s", (client, apis, wire) => {
  const has = Object.fromEntries(apis.map((name) => [name, api]));
  expect(chooseWire({ apis: { models: api, ...has } }, client)).toBe(wire);
});
