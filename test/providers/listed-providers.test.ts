import { describe, expect, test } from "bun:test";
import type { Environment } from "../../src/config/environment.ts";
import { loadProviders } from "../fixtures/load-providers.ts";
import { Failure } from "../../src/core/errors.ts";
import { readModels } from "../../src/providers/model-list-readers.ts";
import type { BuiltInProviderId } from "../../src/providers/table.ts";
import { createModelLists } from "../../src/routing/model-lists/model-lists.ts";
import { ROWS } from "./rows.ts";

/** Which providers are asked for their models, and how often a list is made. */
function setUp(environment: Environment) {
  const { providers } = loadProviders(environment, []);
  const asked: string[] = [];
  const lists = createModelLists({
    providers,
    fetchModels: ({ id }) => {
      asked.push(id);
      return id === "lmstudio"
        ? Promise.resolve([{ id: "m", created: 0, ownedBy: undefined, extras: {} }])
        : Promise.reject(new Failure("upstream_unreachable"));
    },
    ttlMs: 60_000,
    timeoutMs: 60_000,
    clock: () => 0,
    timers: { now: () => 0, setTimer: () => undefined, clearTimer() {} },
    onRead() {},
    isAllowed: () => true,
    onFailure() {},
    onRecovered() {},
    onGivenUp() {},
  });
  const find = (id: string) => providers.find((provider) => provider.id === id);
  return { asked, lists, find };
}

describe("of the providers of the table", () => {
  test.each<[Environment, asked: string[]]>([
    [{}, ["ollama", "llamacpp", "vllm"]],
    [{ OPENROUTER_API_KEY: "k", AZURE_API_KEY: "k" }, ["ollama", "llamacpp", "vllm", "openrouter"]],
    [
      { LMSTUDIO_API_URL: "http://gpu:1234/v1", TGI_API_KEY: "k", AZURE_RESOURCE: "mine", AZURE_API_KEY: "k" },
      ["ollama", "llamacpp", "vllm", "azure", "lmstudio", "tgi"],
    ],
    [{ SGLANG_AUTH_HEADER: "api-key", TOGETHER_API_URL: "https://x.example/v1" }, ["ollama", "llamacpp", "vllm"]],
  ])("with %j only these are asked for their models: %j", async (environment, expected) => {
    const { asked, lists } = setUp(environment);
    lists.start();
    await lists.all();
    expect(asked.toSorted()).toEqual(expected.toSorted());
  });

  test("a server that nobody configured is asked if a request names it", async () => {
    const { asked, lists, find } = setUp({});
    const lmstudio = find("lmstudio");
    if (lmstudio === undefined) throw new Error("there is no lmstudio");
    expect(lmstudio).toMatchObject({ callable: true, configured: false, baseUrl: "http://localhost:1234/v1" });
    expect([...(await lists.ofProvider(lmstudio)).models.keys()]).toEqual(["m"]);
    expect(asked).toEqual(["lmstudio"]);
  });
});

const idsIn = (id: BuiltInProviderId, answer: unknown): string[] | undefined => {
  const page = readModels(ROWS[id].listing, answer, 100);
  return typeof page === "object" ? page.models.map((model) => model.id) : undefined;
};

test.each<[BuiltInProviderId, answer: unknown, ids: string[]]>([
  // https://docs.together.ai/reference/models
  [
    "together",
    [{ id: "openai/gpt-oss-20b", object: "model", type: "chat", organization: "OpenAI" }],
    ["openai/gpt-oss-20b"],
  ],
  // https://docs.github.com/en/rest/models/catalog
  ["github", [{ id: "openai/gpt-4.1", name: "OpenAI GPT-4.1", publisher: "OpenAI" }], ["openai/gpt-4.1"]],
  // https://docs.databricks.com/api/workspace/servingendpoints/list
  [
    "databricks",
    { endpoints: [{ id: "9f2a", name: "databricks-claude-sonnet-4-5", creation_timestamp: 1700000000000 }] },
    ["databricks-claude-sonnet-4-5"],
  ],
  ["azure", { object: "list", data: [{ id: "gpt-4o-2024-11-20", status: "succeeded" }] }, ["gpt-4o-2024-11-20"]],
  [
    "openrouter",
    { data: [{ id: "anthropic/claude-sonnet-4.5", name: "Anthropic: Claude" }] },
    ["anthropic/claude-sonnet-4.5"],
  ],
  ["fireworks", { data: [{ id: "accounts/fireworks/models/kimi-k2p5" }] }, ["accounts/fireworks/models/kimi-k2p5"]],
])("the list of %s is read", (id, answer, expected) => {
  expect(idsIn(id, answer)).toEqual(expected);
});

test("every row has a list of models, and no path that its placeholders do not close", () => {
  for (const [id, row] of Object.entries(ROWS)) {
    const places = [row.paths, ...(row.bases ?? []).map(({ paths }) => paths)];
    expect([id, places.filter(({ models }) => models !== undefined).length]).toEqual([id, 1]);
    const { url, urlParameters = [] } = row;
    expect([id, [...url.matchAll(/\{\w+\}/g)].map(([placeholder]) => placeholder)]).toEqual([
      id,
      urlParameters.map(({ placeholder }) => placeholder),
    ]);
  }
});
