import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type PostRoute, POST_ROUTES, SMALLEST } from "../../routes/requests.ts";
import { type StartedGateway, startBesideProvider, threeProviders } from "../../routes/started-gateway.ts";

const DISALLOWED = "Model is disallowed. Please use a different model.";
const NOT_ALLOWED = "Model not allowed. Please check the list of allowed models.";

function start(lists: Readonly<Record<string, string>>): Promise<StartedGateway> {
  return startBesideProvider((url) => ({
    ...threeProviders(url),
    GOOGLE_API_URL: `${url}/google/v1`,
    GOOGLE_API_KEY: "k",
    OLLAMA_API_URL: `${url}/ollama/v1`,
    CUSTOM_PROVIDERS: "openrouter",
    OPENROUTER_API_URL: `${url}/openrouter/v1`,
    ...lists,
  }));
}

async function ask(started: StartedGateway, model: string, query = "", route: PostRoute = "/v1/chat/completions") {
  const response = await started.post(route + query, { ...SMALLEST[route], model });
  return [response.status, started.takeCalls().length];
}

const DENIED = [403, 0];
const PASSED = [200, 1];

describe("a deny-list", () => {
  let started: StartedGateway;
  beforeAll(async () => {
    started = await start({
      DISALLOWED_MODELS: " OpenAI/GPT-4o , claude-bad, ,google/gemini-bad, ollama/llama:latest, text-embedding-bad ",
    });
  });
  afterAll(() => started[Symbol.asyncDispose]());

  test.each([
    ["openai/gpt-4o", ""],
    ["OPENAI/gpt-4O", ""],
    ["openai/ gpt-4o ", ""],
    ["gpt-4o", "?provider=openai"],
    ["GPT-4O", "?provider=OpenAI"],
    ["openai/gpt-4o", "?provider=openai"],
    ["openai/openai/gpt-4o", ""],
    ["openai/gpt-4o", "?a=1&provider=openai&b=2"],
    ["gpt-4o", "?%70rovider=%6fpenai"],
    ["\uff47pt-4o", "?provider=openai"],
    ["openai/claude-bad", ""],
    ["groq/Claude-Bad", ""],
    ["claude-bad", "?provider=anthropic"],
    ["google/models/gemini-bad", ""],
    ["models/gemini-bad", "?provider=google"],
    ["google/gemini-bad", ""],
    ["ollama/llama", ""],
    ["ollama/llama:latest", ""],
    ["ollama/LLAMA:Latest ", ""],
    ["llama", "?provider=ollama"],
    ["ollama/library/llama", ""],
    ["ollama/registry.ollama.ai/library/llama:latest", ""],
    ["ollama/https://registry.ollama.ai/library/LLAMA", ""],
    ["google/publishers/google/models/gemini-bad", ""],
    ["google/projects/p/locations/eu/publishers/google/models/gemini-bad", ""],
    ["openai/gpt\u200b-4o", ""],
    ["openai/gpt-4\u00ado", ""],
    ["openai/\u202egpt-4o\u2066", ""],
    ["openai/gpt-4o\ufe0f", ""],
    ["openai/gpt-4o\u3164", ""],
    ["openai/gpt-4o\u{e0061}", ""],
    ["openai/gpt-4o\u0000", ""],
    ["openai/gpt -4\u3000o\n", ""],
    ["openai/\u{1d420}pt-4o", ""],
    ["groq/claude\u2060-bad", ""],
    ["openrouter/openai/gpt-4o", ""],
    [`openai/${"x".repeat(1025)}`, ""],
  ])("holds for %j%s", async (model, query) => {
    expect(await ask(started, model, query)).toEqual(DENIED);
  });

  test.each([
    ["groq/gpt-4o", ""],
    ["openai/gpt-4o-mini", ""],
    ["ollama/llama:70b", ""],
    ["groq/gemini-bad", ""],
    ["gemini-bad", "?provider=openai"],
    ["ollama/other/llama", ""],
    ["ollama/hf.co/library/llama", ""],
    ["openrouter/gpt-4o", ""],
    ["openrouter/meta-llama/openai/gpt-4o", ""],
  ])("does not hold for %j%s", async (model, query) => {
    expect(await ask(started, model, query)).toEqual(PASSED);
  });

  test("holds on every route that names a model, in the route's own envelope", async () => {
    for (const route of POST_ROUTES) {
      const isAnthropic = route.startsWith("/v1/messages");
      const model = isAnthropic ? "anthropic/claude-bad" : "openai/claude-bad";
      const response = await started.post(route, { ...SMALLEST[route], model });
      expect([route, response.status]).toEqual([route, 403]);
      expect(await response.json()).toMatchObject(
        isAnthropic || route.startsWith("/v1/responses")
          ? { error: { type: "permission_error", message: DISALLOWED } }
          : { error: DISALLOWED },
      );
    }
    expect(started.takeCalls()).toEqual([]);
  });

  test.each([
    ['{"model":"openai/ok","model":"openai/gpt-4o","messages":[{"role":"user","content":"x"}]}'],
    ['{"model":"openai/gpt-4o","model":"openai/ok","messages":[{"role":"user","content":"x"}]}'],
    ['{"model":"openai/ok","mod\\u0065l":"gpt-4o","messages":[{"role":"user","content":"x"}]}'],
    ['{"mod\\u0065l":"openai/ok","messages":[{"role":"user","content":"x"}],"\\u006dodel":"gpt-4o"}'],
    ['{"model":"openai/ok","Model":"gpt-4o","messages":[{"role":"user","content":"x"}]}'],
    ['{"MODEL":"gpt-4o","model":"openai/ok","messages":[{"role":"user","content":"x"}]}'],
  ])("two models are refused, since readers differ on which one counts: %s", async (body) => {
    const response = await started.post("/v1/chat/completions", body);
    expect([400, 403]).toContain(response.status);
    expect(started.takeCalls()).toEqual([]);
  });

  test.each<[what: string, route: PostRoute, more: object]>([
    ["fallbacks of OpenRouter", "/v1/chat/completions", { models: ["ok", "GPT-4o"] }],
    ["fallbacks of LiteLLM", "/v1/chat/completions", { fallbacks: ["gpt-4o"] }],
    ["fallbacks of LiteLLM by model", "/v1/chat/completions", { fallbacks: [{ ok: ["ok", "gpt-4o"] }] }],
    ["fallbacks with settings of their own", "/v1/chat/completions", { fallbacks: [{ model: "gpt-4o", n: 1 }] }],
    ["a model said as an object", "/v1/chat/completions", { models: [{ id: "gpt-4o" }] }],
    ["a plugin's model", "/v1/chat/completions", { plugins: [{ id: "p", options: { judge_model: "gpt-4o" } }] }],
    ["an image tool's model", "/v1/responses", { tools: [{ type: "image_generation", model: "gpt-4o" }] }],
    ["the model of an adviser", "/v1/responses", { tools: [{ type: "advisor", Model: "openai/gpt-4o" }] }],
    ["a deployment", "/v1/embeddings", { deployment_id: "gpt-4o" }],
  ])("holds for %s", async (_, route, more) => {
    const response = await started.post(route, { ...SMALLEST[route], model: "openai/ok", ...more });
    const answer = (await response.json()) as { error: string | { message: string } };
    const error = typeof answer.error === "string" ? answer.error : answer.error.message;
    expect([response.status, started.takeCalls().length]).toEqual(DENIED);
    expect(error).toStartWith(DISALLOWED);
    expect(error.toLowerCase()).toContain('gpt-4o"');
  });

  test("holds for a further model that stands twice, of which parsers read one or the other", async () => {
    const tools = (model: string) => `"tools":[{"type":"image_generation","model":"${model}"}]`;
    for (const [first, second] of [
      ["gpt-4o", "ok"],
      ["ok", "gpt-4o"],
    ] as const) {
      for (const members of [`${tools(first)},${tools(second)}`, `"a":{"model":"${first}","model":"${second}"}`]) {
        const body = `{"model":"openai/ok",${members},"input":"hi"}`;
        expect((await started.post("/v1/responses", body)).status).toBe(403);
      }
    }
    expect(started.takeCalls()).toEqual([]);
  });

  test("holds for the query, which goes on to the provider", async () => {
    expect(await ask(started, "openai/ok", "?model=gpt-4o")).toEqual(DENIED);
    expect(await ask(started, "openai/ok", "?a=1&%6dodel=ok&MODEL=gpt-4o")).toEqual(DENIED);
    expect(await ask(started, "openai/ok", "?model=ok")).toEqual(PASSED);
  });

  test("does not hold for what only looks like a model: conversations, schemas, metadata", async () => {
    const model = "gpt-4o";
    const schema = { type: "object", properties: { model: { type: "string", default: model } }, examples: [{ model }] };
    const call = { id: "1", type: "function", function: { name: "f", arguments: JSON.stringify({ model }) } };
    const chat = {
      model: "openai/ok",
      metadata: { model },
      tools: [{ type: "function", function: { name: "f", parameters: schema } }],
      response_format: { type: "json_schema", json_schema: { name: "x", schema } },
      messages: [
        { role: "user", content: [{ type: "text", text: "hi", model }] },
        { role: "assistant", content: null, tool_calls: [call] },
        { role: "tool", tool_call_id: "1", content: model },
      ],
    };
    expect((await started.post("/v1/chat/completions", chat)).status).toBe(200);
    const use = { type: "tool_use", id: "1", name: "f", input: { model } };
    const messages = [{ role: "assistant", content: [use] }];
    const tools = [{ name: "f", input_schema: schema }];
    const request = { model: "anthropic/ok", max_tokens: 1, messages, tools };
    expect((await started.post("/v1/messages", request)).status).toBe(200);
    expect(started.takeCalls()).toHaveLength(2);
  });

  test("two models are refused too where either were allowed", async () => {
    for (const second of ["model", "mod\\u0065l", "Model"]) {
      const response = await started.post(
        "/v1/chat/completions",
        `{"model":"openai/ok","${second}":"openai/ok","messages":[{"role":"user","content":"x"}]}`,
      );
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({ error: "model must not be given more than once", param: "model" });
    }
    expect(started.takeCalls()).toEqual([]);
  });

  test("an escaped spelling of the name or of its key is the same name", async () => {
    for (const body of [
      '{"model":"openai/gpt-\\u0034o","messages":[{"role":"user","content":"x"}]}',
      '{"mod\\u0065l":"openai/gpt-4o","messages":[{"role":"user","content":"x"}]}',
    ]) {
      expect((await started.post("/v1/chat/completions", body)).status).toBe(403);
    }
    expect(started.takeCalls()).toEqual([]);
  });
});

describe("lists with stars", () => {
  test.each([
    ["ALLOWED_MODELS", "openai/gpt-*, *-free", ["openai/GPT-4o", "groq/llama-free"], ["openai/o1", "groq/gpt-4o"]],
    ["DISALLOWED_MODELS", "openai/gpt-*, *-free", ["openai/o1", "groq/gpt-4o"], ["openai/g\u00adpt-4o", "groq/x-FREE"]],
  ])("%s=%s lets %j pass, and not %j", async (list, entries, passed, denied) => {
    await using started = await start({ [list]: entries });
    for (const model of passed) expect([model, ...(await ask(started, model))]).toEqual([model, ...PASSED]);
    for (const model of denied) expect([model, ...(await ask(started, model))]).toEqual([model, ...DENIED]);
  });
});

describe("an allow-list", () => {
  let started: StartedGateway;
  beforeAll(async () => {
    started = await start({ ALLOWED_MODELS: "openai/gpt-4o, Claude", DISALLOWED_MODELS: "openai/gpt-4o" });
  });
  afterAll(() => started[Symbol.asyncDispose]());

  test("alone decides: what it names passes although the deny-list names it too", async () => {
    expect(await ask(started, "openai/gpt-4o")).toEqual(PASSED);
    expect(await ask(started, "GPT-4o", "?provider=openai")).toEqual(PASSED);
    expect(await ask(started, "groq/claude")).toEqual(PASSED);
    expect(await ask(started, "anthropic/claude", "", "/v1/messages")).toEqual(PASSED);
  });

  test.each([
    ["groq/gpt-4o", ""],
    ["gpt-4o", "?provider=groq"],
    ["openai/gpt-4o-mini", ""],
    ["openai/claude-2", ""],
  ])("refuses %j%s", async (model, query) => {
    expect(await ask(started, model, query)).toEqual(DENIED);
  });

  test("says so", async () => {
    const response = await started.post("/v1/chat/completions", {
      ...SMALLEST["/v1/chat/completions"],
      model: "groq/x",
    });
    expect(await response.json()).toMatchObject({
      error: NOT_ALLOWED,
      type: "permission_error",
      code: "model_not_allowed",
    });
  });
});

describe("an allow-list reads its entries narrowly", () => {
  let started: StartedGateway;
  beforeAll(async () => {
    started = await start({
      ALLOWED_MODELS: "openai/good, groq/openai/gpt-oss-120b, meta-llama/llama-3, ollama/llama3, google/gemini",
    });
  });
  afterAll(() => started[Symbol.asyncDispose]());

  test.each([
    ["openai/good", ""],
    ["openai/openai/good", ""],
    ["groq/openai/gpt-oss-120b", ""],
    ["openai/gpt-oss-120b", "?provider=groq"],
    ["groq/meta-llama/llama-3", ""],
    ["openrouter/Meta-Llama/Llama-3", ""],
    ["ollama/library/llama3:latest", ""],
    ["ollama/registry.ollama.ai/library/llama3", ""],
    ["google/models/gemini", ""],
  ])("admits %j%s", async (model, query) => {
    expect(await ask(started, model, query)).toEqual(PASSED);
  });

  test.each([
    ["openrouter/openai/good", ""],
    ["openai/good", "?provider=openrouter"],
    ["good", "?provider=groq"],
    ["openai/gpt-oss-120b", ""],
    ["openrouter/groq/openai/gpt-oss-120b", ""],
    ["openai/llama-3", ""],
    ["ollama/alice/llama3", ""],
    ["ollama/library/alice/llama3", ""],
    ["ollama/hf.co/library/llama3", ""],
    ["ollama/llama3:70b", ""],
    ["ollama/models/llama3", ""],
    ["google/tunedModels/gemini", ""],
    [`openai/${"good".repeat(1000)}`, ""],
  ])("does not admit %j%s", async (model, query) => {
    expect(await ask(started, model, query)).toEqual(DENIED);
  });

  test("and holds for every further model", async () => {
    const body = (more: object) => ({ ...SMALLEST["/v1/chat/completions"], model: "openai/good", ...more });
    const status = async (more: object) => (await started.post("/v1/chat/completions", body(more))).status;
    expect(await status({ models: ["good", "openai/good"] })).toBe(200);
    expect(await status({ models: ["good", "other"] })).toBe(403);
    expect(await status({ models: ["groq/openai/gpt-oss-120b"] })).toBe(403);
  });
});

test("a blank allow-list is none", async () => {
  await using started = await start({ ALLOWED_MODELS: " , ,", DISALLOWED_MODELS: "openai/bad" });
  expect(await ask(started, "openai/anything")).toEqual(PASSED);
  expect(await ask(started, "openai/bad")).toEqual(DENIED);
});

describe("a model that is served from several places", () => {
  const bedrock = { BEDROCK_API_URL: "http://127.0.0.1:9", BEDROCK_API_KEY: "k" };
  const status = async (started: StartedGateway, model: string) => (await ask(started, `bedrock/${model}`))[0];

  test("is denied in all of them", async () => {
    await using started = await start({ ...bedrock, DISALLOWED_MODELS: "anthropic.claude-bad, us.meta.llama" });
    for (const model of [
      "anthropic.claude-bad",
      "us.anthropic.claude-bad",
      "Global.anthropic.Claude-bad",
      "arn:aws:bedrock:us-east-1:1:inference-profile/us.anthropic.claude-bad",
      "us.meta.llama",
    ]) {
      expect([model, await status(started, model)]).toEqual([model, 403]);
    }
    expect(await status(started, "eu.meta.llama")).not.toBe(403);
  });

  test("is allowed in those that are named", async () => {
    await using started = await start({ ...bedrock, ALLOWED_MODELS: "anthropic.claude, eu.meta.llama" });
    expect(await status(started, "us.anthropic.claude")).toBe(403);
    expect(await status(started, "us.meta.llama")).toBe(403);
    expect(await status(started, "eu.meta.llama")).not.toBe(403);
  });
});
