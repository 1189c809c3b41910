import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type PostRoute, POST_ROUTES, SMALLEST } from "../routes/requests.ts";
import { type StartedGateway, startBesideProvider, threeProviders } from "../routes/started-gateway.ts";

const DISALLOWED = "Model is disallowed. Please use a different model.";
const NOT_ALLOWED = "Model not allowed. Please check the list of allowed models.";

function start(lists: Readonly<Record<string, string>>): Promise<StartedGateway> {
  return startBesideProvider((url) => ({
    ...threeProviders(url),
    GOOGLE_API_URL: `${url}/google/v1`,
    GOOGLE_API_KEY: "k",
    OLLAMA_API_URL: `${url}/ollama/v1`,
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
  ])("holds for %j%s", async (model, query) => {
    expect(await ask(started, model, query)).toEqual(DENIED);
  });

  test.each([
    ["groq/gpt-4o", ""],
    ["openai/gpt-4o-mini", ""],
    ["ollama/llama:70b", ""],
    ["groq/gemini-bad", ""],
    ["gemini-bad", "?provider=openai"],
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
        isAnthropic ? { error: { type: "permission_error", message: DISALLOWED } } : { error: DISALLOWED },
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

test("a blank allow-list is none", async () => {
  await using started = await start({ ALLOWED_MODELS: " , ,", DISALLOWED_MODELS: "openai/bad" });
  expect(await ask(started, "openai/anything")).toEqual(PASSED);
  expect(await ask(started, "openai/bad")).toEqual(DENIED);
});
