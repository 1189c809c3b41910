import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { json } from "../fixtures/answers.ts";
import { type MockProvider, startMockProvider } from "../fixtures/mock-provider.ts";
import { type Script, stall } from "../fixtures/script.ts";
import type { RunningGateway } from "../fixtures/start-gateway.ts";
import { startGateway } from "../fixtures/start-in-process.ts";
import { KEY } from "./started-gateway.ts";

interface Listed {
  readonly id: string;
}

const listing = (...entries: readonly unknown[]): Script => json(200, { object: "list", data: entries });

/** What each provider answers, by the path and query of its listing below `/<id>`. */
const LISTINGS: Readonly<Record<string, Script>> = {
  "/openai/models": listing(
    { id: "gpt-4o", object: "model", created: 1715367049, owned_by: "system" },
    { id: "gpt-hidden", created: 1 },
    { id: "", created: 1 },
    { created: 1 },
    { id: "gpt-4o", created: 2, owned_by: "twice" },
    "text-only",
    null,
  ),
  "/anthropic/models?limit=1000": json(200, {
    data: [{ type: "model", id: "claude-1", display_name: "One", created_at: "2025-02-19T00:00:00Z" }],
    has_more: true,
    last_id: "claude-1",
  }),
  "/anthropic/models?limit=1000&after_id=claude-1": json(200, {
    data: [{ type: "model", id: "claude-2", created_at: "not a date" }],
    has_more: false,
  }),
  "/cohere/v1/models?page_size=1000": json(200, { models: [{ name: "command-a" }], next_page_token: "p 2" }),
  "/cohere/v1/models?page_size=1000&page_token=p+2": json(200, { models: [{ name: "embed-v4" }], next_page_token: "" }),
  "/cloudflare/models/search?per_page=1000": json(200, {
    success: true,
    result: [{ id: "uuid", name: "@cf/meta/llama", created_at: "2024-01-02 03:04:05.678" }],
    result_info: { page: 1, total_pages: 2 },
  }),
  "/cloudflare/models/search?per_page=1000&page=2": json(200, {
    result: [{ id: "uuid", name: "@cf/other" }],
    result_info: { page: 2, total_pages: 2 },
  }),
  "/ollama/models": json(200, { object: "list", data: null }),
  "/google/models": listing({ id: "models/gemini-x", owned_by: "google" }),
  "/llamacpp/models": json(200, {
    models: [{ name: "local.gguf", model: "local.gguf" }],
    object: "list",
    data: [{ id: "local.gguf", created: 1.9, owned_by: "", meta: { n_ctx: 4096, n_ctx_train: 131072 } }],
  }),
  "/vllm/models": listing(),
  "/tgi/models": json(200, [{ id: "bare-list" }]),
  // The ones below have nothing that could be shown.
  "/groq/models": json(500, { error: { message: `broken for ${KEY}` } }),
  "/deepseek/models": [stall()],
  "/mistral/models": json(200, "<html>not JSON</html>"),
  "/moonshot/models": json(200, { data: "not a list" }),
  "/nvidia/models": json(302, "", { location: "http://127.0.0.1:1/" }),
};

const NAMED = ["openai", "anthropic", "cohere", "cloudflare", "ollama", "google", "llamacpp", "vllm", "tgi"];
const BROKEN = ["groq", "deepseek", "mistral", "moonshot", "nvidia"];

let provider: MockProvider;
let gateway: RunningGateway;

beforeAll(async () => {
  provider = await startMockProvider();
  provider.answerAlways(({ target }) => LISTINGS[target] ?? json(404, { error: `no list at ${target}` }));
  gateway = await startGateway({
    ...Object.fromEntries(
      [...NAMED, ...BROKEN].flatMap((id) => [
        [`${id.toUpperCase()}_API_URL`, `${provider.url}/${id}`],
        [`${id.toUpperCase()}_API_KEY`, KEY],
      ]),
    ),
    CUSTOM_PROVIDERS: "tgi",
    MODELS_TIMEOUT: "2s",
    DISALLOWED_MODELS: "gpt-hidden",
  });
});
afterAll(async () => {
  await gateway.stop();
  await provider.stop();
});

const get = (path: string): Promise<Response> => fetch(`${gateway.url}${path}`);

describe("one provider that cannot be listed", () => {
  test.each([
    ["?provider=nobody", 400, "Provider not found. Please check the list of supported providers."],
    ["?provider=minimax", 400, "Provider requires an API key. Please configure the provider's API key."],
    ["?provider=groq", 502, "Failed to list models"],
    ["?provider=GROQ", 502, "Failed to list models"],
    ["?provider=mistral", 502, "Failed to list models"],
    ["?provider=moonshot", 502, "Failed to list models"],
    ["?provider=nvidia", 502, "Failed to list models"],
    ["?provider=deepseek", 504, "Request timed out"],
    ["?include=weight", 400, 'unknown include value "weight"'],
    ["?include=pricing,toString", 400, 'unknown include value "toString"'],
  ])("%s is %i", async (query, status, error) => {
    const response = await get(`/v1/models${query}`);
    const text = await response.text();
    const { error: said } = JSON.parse(text) as { error: string };
    expect([response.status, said.slice(0, error.length)]).toEqual([status, error]);
    expect(text).not.toContain(KEY);
  });
});

describe("all models", () => {
  const UNION = [
    { id: "openai/gpt-4o", object: "model", created: 1715367049, owned_by: "system", served_by: "openai" },
    { id: "openai/text-only", object: "model", created: 0, owned_by: "openai", served_by: "openai" },
    { id: "anthropic/claude-1", object: "model", created: 1739923200, owned_by: "anthropic", served_by: "anthropic" },
    { id: "anthropic/claude-2", object: "model", created: 0, owned_by: "anthropic", served_by: "anthropic" },
    { id: "cohere/command-a", object: "model", created: 0, owned_by: "cohere", served_by: "cohere" },
    { id: "cohere/embed-v4", object: "model", created: 0, owned_by: "cohere", served_by: "cohere" },
    {
      id: "cloudflare/@cf/meta/llama",
      object: "model",
      created: 1704164645,
      owned_by: "cloudflare",
      served_by: "cloudflare",
    },
    { id: "cloudflare/@cf/other", object: "model", created: 0, owned_by: "cloudflare", served_by: "cloudflare" },
    { id: "google/gemini-x", object: "model", created: 0, owned_by: "google", served_by: "google" },
    { id: "llamacpp/local.gguf", object: "model", created: 1, owned_by: "llamacpp", served_by: "llamacpp" },
    { id: "tgi/bare-list", object: "model", created: 0, owned_by: "tgi", served_by: "tgi" },
  ];

  test("are the union in table order; who fails, hangs or answers garbage is left out", async () => {
    const response = await get("/v1/models");
    expect([response.status, response.headers.get("content-type")]).toEqual([200, "application/json"]);
    expect(await response.json()).toEqual({ object: "list", data: UNION });
  });

  test("each provider that is left out has its line in the log, without its key or words", async () => {
    await get("/v1/models");
    for (const id of BROKEN) {
      const line = await gateway.logged(({ msg, provider: of }) => /could not list/.test(String(msg)) && of === id);
      expect(line).toMatchObject({ level: "warn" });
      expect(JSON.stringify(line)).not.toContain("broken for");
    }
    expect(gateway.output().stdout).not.toContain(KEY);
  });

  test("of one provider come with its name, in any letter case of the query", async () => {
    const expected = { provider: "cohere", object: "list", data: UNION.filter(({ served_by: by }) => by === "cohere") };
    expect(await (await get("/v1/models?provider=cohere")).json()).toEqual(expected);
    expect(await (await get("/v1/models?provider=Cohere")).json()).toEqual(expected);
    expect(await (await get("/v1/models?provider=ollama")).json()).toEqual({
      provider: "ollama",
      object: "list",
      data: [],
    });
  });

  test("HEAD has the headers and no body", async () => {
    const response = await fetch(`${gateway.url}/v1/models`, { method: "HEAD" });
    expect([response.status, await response.text()]).toEqual([200, ""]);
  });
});

describe("one model", () => {
  test.each(["openai/gpt-4o", "cloudflare/@cf/meta/llama", "cloudflare%2F%40cf%2Fmeta%2Fllama", "anthropic/claude-2"])(
    "%s is found by its id",
    async (id) => {
      const response = await get(`/v1/models/${id}`);
      expect([response.status, await response.json()]).toMatchObject([200, { id: decodeURIComponent(id) }]);
    },
  );

  test("is found by its bare name if one provider lists it", async () => {
    expect(await (await get("/v1/models/gpt-4o")).json()).toMatchObject({ id: "openai/gpt-4o" });
    expect(await (await get("/v1/models/@cf/other")).json()).toMatchObject({ id: "cloudflare/@cf/other" });
  });

  test.each([
    ["openai/none", 'Model not found: "openai/none".'],
    ["none", 'Model not found: "none".'],
    ["openai", 'Model not found: "openai".'],
    ["openai/gpt-4", 'Model not found: "openai/gpt-4". Similar models: openai/gpt-4o.'],
    ["gtp-4o", 'Model not found: "gtp-4o". Similar models: openai/gpt-4o.'],
    // Those that may not be used are not named, nor is it said that they are there.
    ["openai/gpt-hidden", 'Model not found: "openai/gpt-hidden".'],
    ["gpt-hidden", 'Model not found: "gpt-hidden".'],
    ["openai/gpt-4o/", 'Model not found: "openai/gpt-4o/".'],
    ["a%20password", "Model not found."],
    ["x".repeat(100), `Model not found: "${"x".repeat(80)}…".`],
  ])("%s is 404", async (id, error) => {
    const response = await get(`/v1/models/${id}`);
    expect([response.status, await response.json()]).toMatchObject([404, { error }]);
  });
});

test("a bare name that several providers list is not found, and they are named", async () => {
  await using twice = await startMockProvider();
  twice.answerAlways(() => listing({ id: "same" }));
  await using both = await startGateway({
    OPENAI_API_URL: `${twice.url}/openai`,
    OPENAI_API_KEY: KEY,
    GROQ_API_URL: `${twice.url}/groq`,
    GROQ_API_KEY: KEY,
  });
  const response = await fetch(`${both.url}/v1/models/same`);
  expect([response.status, await response.json()]).toMatchObject([
    404,
    {
      error:
        'Model not found: "same". Several providers have it: openai, groq. Name one, as in openai/model. Similar models: openai/same, groq/same.',
    },
  ]);
});

describe("?include=", () => {
  test("adds each named key, null if unknown, to lists and to one model", async () => {
    await using rich = await startMockProvider();
    rich.answerAlways(() =>
      listing(
        { id: "a", context_length: 8192, pricing: { prompt: "0.1" }, architecture: { input_modalities: ["text"] } },
        {
          id: "b",
          context_window: null,
          max_model_len: 4096,
          input_modalities: ["image"],
          output_modalities: ["text"],
        },
        { id: "c" },
        { id: "d", meta: { n_ctx: 4096 } },
      ),
    );
    await using own = await startGateway({ OPENAI_API_URL: rich.url, OPENAI_API_KEY: KEY });
    const read = async (path: string) => (await fetch(`${own.url}${path}`)).json();
    const all = (await read("/v1/models?include=context_window,pricing,%20modalities")) as { data: Listed[] };
    const told = { source: "provider", updated_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/) };
    expect(all.data).toMatchObject([
      {
        context_window: { tokens: 8192, ...told },
        pricing: { currency: "USD", input_per_token: "0.1", ...told },
        modalities: { input: ["text"], output: [], ...told },
      },
      { context_window: { tokens: 4096 }, pricing: null, modalities: { input: ["image"], output: ["text"] } },
      { context_window: null, pricing: null, modalities: null },
      { context_window: { tokens: 4096 }, pricing: null, modalities: null },
    ]);
    expect(await read("/v1/models/openai/a?include=context_window")).toEqual({
      id: "openai/a",
      object: "model",
      created: 0,
      owned_by: "openai",
      served_by: "openai",
      context_window: { tokens: 8192, ...told },
    });
    expect(((await read("/v1/models?include=")) as { data: Listed[] }).data[0]).not.toHaveProperty("context_window");
  });
});

test("local providers that nobody configured and that do not answer are silent", async () => {
  await using own = await startGateway({
    OPENAI_API_URL: `${provider.url}/openai`,
    OPENAI_API_KEY: KEY,
    MODELS_TIMEOUT: "2s",
  });
  const body = (await (await fetch(`${own.url}/v1/models`)).json()) as { data: Listed[] };
  expect(body.data.map(({ id }) => id)).toContain("openai/gpt-4o");
  await own.logged(({ route }) => route === "/v1/models");
  expect(own.log.filter(({ level }) => level === "warn")).toEqual([]);
  expect(own.output().stderr).toBe("");
});
