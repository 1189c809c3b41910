import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import type { Environment } from "../../src/config/environment.ts";
import { loadProviders } from "../fixtures/load-providers.ts";
import { DIALECTS } from "../../src/formats/dialects.ts";
import { dataEvent, json, sse } from "../fixtures/answers.ts";
import { CHAT, SMALLEST } from "../routes/requests.ts";
import { bodyText, KEY, type StartedGateway, startBesideProvider } from "../routes/started-gateway.ts";

const azureOf = (environment: Environment) => {
  const { providers, problems, warnings } = loadProviders(environment, []);
  const azure = providers.find(({ id }) => id === "azure");
  if (azure === undefined) throw new Error("there is no azure");
  return { azure, problems, warnings };
};

describe("the address", () => {
  const V1 = "https://mine.openai.azure.com/openai/v1";
  const DATED = "https://mine.openai.azure.com/openai";
  test.each<[Environment, base: string, chat: string]>([
    [{ AZURE_RESOURCE: "mine" }, V1, `${V1}/chat/completions`],
    [{ AZURE_RESOURCE: "mine", AZURE_API_VERSION: "preview" }, V1, `${V1}/chat/completions?api-version=preview`],
    [
      { AZURE_RESOURCE: "mine", AZURE_API_VERSION: "2024-10-21" },
      DATED,
      `${DATED}/deployments/{model}/chat/completions?api-version=2024-10-21`,
    ],
    [
      { AZURE_RESOURCE: "mine", AZURE_API_VERSION: "2025-04-01-preview" },
      DATED,
      `${DATED}/deployments/{model}/chat/completions?api-version=2025-04-01-preview`,
    ],
    ...["", "/", "/openai", "/openai/", "/openai/v1"].flatMap((path): [Environment, string, string][] => [
      [
        { AZURE_API_URL: `https://x.openai.azure.us${path}` },
        "https://x.openai.azure.us/openai/v1",
        "https://x.openai.azure.us/openai/v1/chat/completions",
      ],
      [
        { AZURE_API_URL: `https://x.openai.azure.us${path}`, AZURE_API_VERSION: "2024-10-21" },
        "https://x.openai.azure.us/openai",
        "https://x.openai.azure.us/openai/deployments/{model}/chat/completions?api-version=2024-10-21",
      ],
    ]),
    [
      { AZURE_API_URL: "https://f.services.ai.azure.com/api/projects/p/openai/v1" },
      "https://f.services.ai.azure.com/api/projects/p/openai/v1",
      "https://f.services.ai.azure.com/api/projects/p/openai/v1/chat/completions",
    ],
    [
      { AZURE_API_URL: "https://{RESOURCE}.openai.azure.cn", AZURE_RESOURCE: "mine" },
      "https://mine.openai.azure.cn/openai/v1",
      "https://mine.openai.azure.cn/openai/v1/chat/completions",
    ],
    [
      { AZURE_API_URL: `${V1}?api-version=preview`, AZURE_QUERY: "x=1" },
      V1,
      `${V1}/chat/completions?api-version=preview&x=1`,
    ],
    [
      { AZURE_RESOURCE: "mine", AZURE_API_VERSION: "2024-10-21", AZURE_QUERY: "api-version=1&x=1" },
      DATED,
      `${DATED}/deployments/{model}/chat/completions?api-version=2024-10-21&x=1`,
    ],
  ])("with %j: %s", (environment, base, chat) => {
    const { azure, problems, warnings } = azureOf({ ...environment, AZURE_API_KEY: KEY });
    expect([problems, warnings, azure.callable]).toEqual([[], [], true]);
    expect([azure.baseUrl, azure.apis.chat?.url]).toEqual([base, chat]);
    expect(azure.apis.chat?.fixed).toEqual({ "api-key": KEY });
  });

  test("is missing without the name of the resource", () => {
    const { azure, problems, warnings } = azureOf({ AZURE_API_KEY: KEY, AZURE_APIS: "chat", AZURE_HTTP2: "true" });
    expect([problems, warnings]).toEqual([
      [],
      ["AZURE_API_KEY is set, but AZURE_RESOURCE is not: azure cannot be called"],
    ]);
    expect([azure.callable, azure.missingVariables, azure.baseUrl]).toEqual([
      false,
      ["AZURE_RESOURCE"],
      "https://{RESOURCE}.openai.azure.com/openai/v1",
    ]);
  });

  test.each([
    ["AZURE_RESOURCE", "evil.com#"],
    ["AZURE_RESOURCE", "a.b"],
    ["AZURE_RESOURCE", "a/b"],
    ["AZURE_API_VERSION", "1&x=2"],
    ["AZURE_API_VERSION", "a b"],
  ])("%s=%s is refused, and not shown", (name, value) => {
    const { problems } = azureOf({ AZURE_API_KEY: KEY, [name]: value });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toStartWith(name);
    expect(problems[0]).not.toContain(value);
  });
});

test("a token of Entra goes where AZURE_AUTH_HEADER says", () => {
  const { azure } = azureOf({
    AZURE_RESOURCE: "mine",
    AZURE_API_KEY: "token",
    AZURE_AUTH_HEADER: "Authorization: Bearer",
  });
  expect(azure.apis.responses?.fixed).toEqual({ authorization: "Bearer token" });
});

const FILTERS = { hate: { filtered: false, severity: "safe" } };

/** As Azure sends it: the first event has no choices, but what the filters say of the prompt. */
const STREAM = [
  {
    choices: [],
    created: 0,
    id: "",
    model: "",
    object: "",
    prompt_filter_results: [{ prompt_index: 0, content_filter_results: FILTERS }],
  },
  chunk({ role: "assistant", content: "" }),
  chunk({ content: "Hello" }),
  { ...chunk({ content: " you" }), choices: [{ ...choice({ content: " you" }), content_filter_results: FILTERS }] },
  { ...chunk({}), choices: [{ ...choice({}), finish_reason: "stop" }] },
  { ...chunk({}), choices: [], usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 } },
].map((event) => dataEvent(event));

function choice(delta: object) {
  return { content_filter_results: {}, delta, finish_reason: null, index: 0, logprobs: null };
}
function chunk(delta: object) {
  return {
    choices: [choice(delta)],
    created: 1,
    id: "chatcmpl-1",
    model: "gpt-4o-2024-11-20",
    object: "chat.completion.chunk",
  };
}

/** https://learn.microsoft.com/en-us/azure/ai-foundry/openai/concepts/content-filter */
const BLOCKED = {
  error: {
    message: "The response was filtered due to the prompt triggering Azure OpenAI's content management policy.",
    type: null,
    param: "prompt",
    code: "content_filter",
    status: 400,
    innererror: { code: "ResponsibleAIPolicyViolation", content_filter_result: FILTERS },
  },
};

describe.each([
  ["the v1 API", {}],
  ["deployments", { AZURE_API_VERSION: "2024-10-21" }],
] as const)("%s", (form, settings) => {
  const isDated = form === "deployments";
  let started: StartedGateway;
  beforeAll(async () => {
    started = await startBesideProvider(
      (url) => ({ AZURE_API_URL: url, AZURE_API_KEY: KEY, ERROR_FORMAT: "openai", ...settings }),
      { dialects: DIALECTS },
    );
  });
  beforeEach(() => {
    started.answerWith(json(200, {}));
    started.takeCalls();
  });
  afterAll(() => started[Symbol.asyncDispose]());

  test.each([
    ["/v1/chat/completions", "chat/completions"],
    ["/v1/embeddings", "embeddings"],
  ] as const)("has %s", async (route, api) => {
    await started.post(`${route}?api-version=1&x=2`, { ...SMALLEST[route], model: "azure/my gpt" });
    const call = started.takeCall();
    expect(call.target).toBe(
      isDated
        ? `/openai/deployments/my%20gpt/${api}?api-version=2024-10-21&x=2`
        : `/openai/v1/${api}?api-version=1&x=2`,
    );
    expect([call.header("api-key"), call.header("authorization")]).toEqual([KEY, undefined]);
    expect(bodyText(call)).toContain('"my gpt"');
  });

  test("lists its models, and /proxy finds what else it has", async () => {
    await started.send("GET", "/v1/models?provider=azure");
    const listing = started.provider.requests.filter(({ target }) => target.includes("/models"));
    expect(listing.map(({ target }) => target)).toContain(
      isDated ? "/openai/models?api-version=2024-10-21" : "/openai/v1/models",
    );
    await started.send("GET", "/proxy/azure/openai/files");
    expect(started.takeCall().target).toBe(isDated ? "/openai/files?api-version=2024-10-21" : "/openai/files");
    await started.send("GET", "/proxy/azure/files", undefined, { "api-key": "callers" });
    const call = started.takeCall();
    expect([call.target, call.header("api-key")]).toEqual([
      isDated ? "/openai/files?api-version=2024-10-21" : "/openai/v1/files",
      KEY,
    ]);
  });

  test("refuses a model that would be another path", async () => {
    const response = await started.post("/v1/chat/completions", { ...CHAT, model: "azure/../x" });
    if (isDated) expect([response.status, started.takeCalls()]).toEqual([400, []]);
    else expect(response.status).toBe(200);
  });

  test("streams are relayed as they are, the event without choices included", async () => {
    started.answerWith(sse(STREAM, { done: true }));
    const response = await started.post("/v1/chat/completions", { ...CHAT, model: "azure/m", stream: true });
    expect(await response.text()).toBe(`${STREAM.join("")}data: [DONE]\n\n`);
  });

  test("a blocked prompt is an error of each client's API", async () => {
    started.answerWith(json(400, BLOCKED));
    for (const route of ["/v1/chat/completions", "/v1/messages", "/v1/responses"] as const) {
      const response = await started.post(route, { ...SMALLEST[route], model: "azure/m" });
      const body: unknown = await response.json();
      expect(response.status).toBe(400);
      const message = expect.stringContaining("content management policy");
      if (route === "/v1/messages") {
        expect(body).toMatchObject({ type: "error", error: { type: "invalid_request_error", message } });
      } else {
        expect(body).toMatchObject({ error: { message, code: "content_filter" } });
      }
    }
  });
});

describe("translated from chat", () => {
  let started: StartedGateway;
  beforeAll(async () => {
    started = await startBesideProvider(
      (url) => ({ AZURE_API_URL: url, AZURE_API_KEY: KEY, AZURE_API_VERSION: "2024-10-21" }),
      { dialects: DIALECTS },
    );
  });
  afterAll(() => started[Symbol.asyncDispose]());

  test.each([1, 7, 1000])(
    "a stream cut every %d bytes is whole for clients of Messages and Responses",
    async (splitEvery) => {
      started.answerWith(sse(STREAM, { done: true, splitEvery }));
      const ask = { stream: true, model: "azure/m" };
      const messages = await (await started.post("/v1/messages", { ...SMALLEST["/v1/messages"], ...ask })).text();
      expect(messages).toContain('"text":"Hello"');
      expect(messages).toContain('"stop_reason":"end_turn"');
      expect(messages).toContain('"output_tokens":2');
      expect(messages).toEndWith('event: message_stop\ndata: {"type":"message_stop"}\n\n');
      expect(messages.match(/event: message_start/g)).toHaveLength(1);
      expect(messages).toContain('"model":"azure/m"');
      const responses = await (await started.post("/v1/responses", { ...SMALLEST["/v1/responses"], ...ask })).text();
      expect(responses).toContain("event: response.completed");
      expect(responses).toContain('"text":"Hello you"');
    },
  );

  test("a whole answer is read with what the filters say", async () => {
    started.answerWith(
      json(200, {
        id: "chatcmpl-1",
        object: "chat.completion",
        created: 1,
        model: "gpt-4o",
        prompt_filter_results: [{ prompt_index: 0, content_filter_results: FILTERS }],
        choices: [
          {
            index: 0,
            finish_reason: "content_filter",
            content_filter_results: { hate: { filtered: true, severity: "high" } },
            message: { role: "assistant", content: "Hel" },
          },
        ],
        usage: { prompt_tokens: 3, completion_tokens: 1, total_tokens: 4 },
      }),
    );
    const response = await started.post("/v1/messages", { ...SMALLEST["/v1/messages"], model: "azure/m" });
    expect(await response.json()).toMatchObject({ content: [{ type: "text", text: "Hel" }], stop_reason: "refusal" });
  });
});
