import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { dataEvent, json, sse } from "../fixtures/answers.ts";
import { createGate } from "../fixtures/gate.ts";
import { close, type Step } from "../fixtures/script.ts";
import type { LogLine } from "../fixtures/start-gateway.ts";
import { SMALLEST } from "../routes/requests.ts";
import { KEY, type StartedGateway, startBesideProvider, threeProviders } from "../routes/started-gateway.ts";

/** The providers of these tests, each with the APIs of its own. */
const settings = (url: string): Record<string, string> => ({
  ...threeProviders(url),
  ...{ GOOGLE_API_URL: `${url}/google/v1beta`, GOOGLE_API_KEY: KEY, GOOGLE_WIRE: "native" },
  ...{ COHERE_API_URL: `${url}/cohere`, COHERE_API_KEY: KEY },
  ...{ MISTRAL_API_URL: `${url}/mistral/v1`, MISTRAL_API_KEY: KEY, MISTRAL_APIS: "chat" },
  COST_HEADER: "true",
});

let started: StartedGateway;
beforeAll(async () => {
  started = await startBesideProvider(settings);
});
afterAll(() => started[Symbol.asyncDispose]());

let requests = 0;
const newId = (): string => `cost-${++requests}`;
const lineOf = (id: string, at = started): Promise<LogLine> =>
  at.gateway.logged(({ request_id: of, msg }) => of === id && msg !== undefined);

interface Told {
  readonly line: LogLine;
  readonly header: string | null;
}

async function ask(path: string, body: unknown, answer: readonly Step[], at = started): Promise<Told> {
  at.answerWith([...answer]);
  const id = newId();
  const response = await at.post(path, body, { "x-request-id": id });
  await response.arrayBuffer().catch(() => {});
  return { line: await lineOf(id, at), header: response.headers.get("x-cost-usd") };
}

const CHAT = { ...SMALLEST["/v1/chat/completions"], model: "openai/gpt-4o-mini" };
const MESSAGES = { ...SMALLEST["/v1/messages"], model: "anthropic/claude-sonnet-4-5-20250929" };
const GEMINI = { contents: [{ role: "user", parts: [{ text: "hi" }] }] };
const GENERATE = "/v1beta/models/google/gemini-2.5-flash:generateContent";
const STREAM_GENERATE = "/v1beta/models/google/gemini-2.5-flash:streamGenerateContent?alt=sse";

/** 600 * 0.15 + 400 * 0.075 + 200 * 0.60 for a million. */
const CHAT_USAGE = {
  ...{ prompt_tokens: 1000, completion_tokens: 200, total_tokens: 1200 },
  prompt_tokens_details: { cached_tokens: 400, audio_tokens: 0 },
};
/** 100 * 3 + 2000 * 0.30 + 1000 * 3.75 + 500 * 6 + 300 * 15 for a million, and 2 searches of 10 for a thousand. */
const CLAUDE_USAGE = {
  ...{ input_tokens: 100, cache_read_input_tokens: 2000, cache_creation_input_tokens: 1500, output_tokens: 300 },
  cache_creation: { ephemeral_5m_input_tokens: 1000, ephemeral_1h_input_tokens: 500 },
  server_tool_use: { web_search_requests: 2 },
};
/** 600 * 0.30 + 400 * 0.03 + 50 * 2.50 for a million. */
const GOOGLE_USAGE = {
  ...{ promptTokenCount: 1000, cachedContentTokenCount: 400, candidatesTokenCount: 20, thoughtsTokenCount: 30 },
  totalTokenCount: 1050,
};
const completion = (usage: unknown): unknown => ({
  ...{ id: "c", object: "chat.completion", created: 1, model: "m" },
  choices: [{ index: 0, message: { role: "assistant", content: "12345678" }, finish_reason: "stop" }],
  ...(usage !== undefined && { usage }),
});
const message = (usage: unknown): unknown => ({
  ...{ id: "msg_1", type: "message", role: "assistant", model: "claude", stop_reason: "end_turn" },
  content: [{ type: "text", text: "hello" }],
  usage,
});

const chunk = (content: string, further: object = {}): string =>
  dataEvent({
    ...{ id: "c", object: "chat.completion.chunk", created: 1, model: "m" },
    choices: [{ index: 0, delta: { content }, finish_reason: null }],
    ...further,
  });
const LAST = dataEvent({
  id: "c",
  object: "chat.completion.chunk",
  choices: [{ index: 0, delta: {}, finish_reason: "stop" }],
});
const usageChunk = dataEvent({ id: "c", object: "chat.completion.chunk", choices: [], usage: CHAT_USAGE });

const messageEvents = (start: object, end: object, text = "hello"): readonly string[] => [
  dataEvent({ type: "message_start", message: { id: "msg_1", type: "message", usage: start } }, "message_start"),
  dataEvent(
    { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
    "content_block_start",
  ),
  dataEvent({ type: "content_block_delta", index: 0, delta: { type: "text_delta", text } }, "content_block_delta"),
  dataEvent({ type: "content_block_stop", index: 0 }, "content_block_stop"),
  dataEvent({ type: "message_delta", delta: { stop_reason: "end_turn" }, usage: end }, "message_delta"),
  dataEvent({ type: "message_stop" }, "message_stop"),
];

describe("a whole answer says what it cost, in its head and in the log", () => {
  test.each<[string, string, unknown, unknown, string, Record<string, unknown>]>([
    [
      "chat",
      "/v1/chat/completions",
      CHAT,
      completion(CHAT_USAGE),
      "0.00024",
      { input_tokens: 1000, cached_input_tokens: 400 },
    ],
    [
      "chat with reasoning that the output leaves out",
      "/v1/chat/completions",
      CHAT,
      completion({ prompt_tokens: 10, completion_tokens: 5, total_tokens: 25 }),
      "0.0000105",
      { output_tokens: 15, reasoning_tokens: 10 },
    ],
    [
      "completions",
      "/v1/completions",
      SMALLEST["/v1/completions"],
      { choices: [{ text: "hi" }], usage: { prompt_tokens: 2, completion_tokens: 3 } },
      "0.000009",
      {},
    ],
    [
      "embeddings",
      "/v1/embeddings",
      SMALLEST["/v1/embeddings"],
      { data: [], usage: { prompt_tokens: 8, total_tokens: 8 } },
      "0.00000016",
      { input_tokens: 8 },
    ],
    [
      "messages",
      "/v1/messages",
      MESSAGES,
      message(CLAUDE_USAGE),
      "0.03215",
      { input_tokens: 3600, cached_input_tokens: 2000, cache_creation_input_tokens: 1500, output_tokens: 300 },
    ],
    [
      "responses",
      "/v1/responses",
      { ...SMALLEST["/v1/responses"], model: "openai/gpt-4o-mini" },
      {
        ...{ id: "r", object: "response", status: "completed", output: [] },
        usage: {
          ...{ input_tokens: 1000, input_tokens_details: { cached_tokens: 400 } },
          ...{ output_tokens: 200, output_tokens_details: { reasoning_tokens: 50 }, total_tokens: 1200 },
        },
      },
      "0.00024",
      { reasoning_tokens: 50 },
    ],
    [
      "generate",
      GENERATE,
      GEMINI,
      { candidates: [{ content: { parts: [{ text: "hi" }] }, finishReason: "STOP" }], usageMetadata: GOOGLE_USAGE },
      "0.000317",
      { input_tokens: 1000, output_tokens: 50, reasoning_tokens: 30, total_tokens: 1050 },
    ],
    [
      "messages from Cohere's API, by what it bills",
      "/v1/messages",
      { ...MESSAGES, model: "cohere/command-a-03-2025" },
      {
        ...{
          id: "c",
          finish_reason: "COMPLETE",
          message: { role: "assistant", content: [{ type: "text", text: "hi" }] },
        },
        usage: {
          billed_units: { input_tokens: 10, output_tokens: 20 },
          tokens: { input_tokens: 500, output_tokens: 30 },
        },
      },
      "0.000225",
      { input_tokens: 500, output_tokens: 30 },
    ],
    [
      "messages from a chat API",
      "/v1/messages",
      { ...MESSAGES, model: "mistral/mistral-large-latest" },
      completion(CHAT_USAGE),
      // 1000 * 2 + 200 * 6 for a million: what is cached has no price of its own.
      "0.0032",
      { input_tokens: 1000, cached_input_tokens: 400 },
    ],
    [
      "generate from Anthropic's API",
      "/v1beta/models/anthropic/claude-sonnet-4-5:generateContent",
      GEMINI,
      message(CLAUDE_USAGE),
      "0.03215",
      { input_tokens: 3600, cache_creation_input_tokens: 1500 },
    ],
  ])("%s", async (_, path, body, answer, dollars, tokens) => {
    const { line, header } = await ask(path, body, json(200, answer));
    expect(line).toMatchObject({
      ...{ status: 200, usage_source: "provider", cost_usd: Number(dollars) },
      ...tokens,
    });
    expect(header).toBe(dollars);
  });

  test("that is long as well", async () => {
    const long = { ...(completion(CHAT_USAGE) as object), padding: "x".repeat(200_000), usage: CHAT_USAGE };
    const { line, header } = await ask("/v1/chat/completions", CHAT, json(200, long));
    expect([line["cost_usd"], header]).toEqual([0.00024, "0.00024"]);
  });
});

describe("a stream says what it cost in the log alone", () => {
  test.each<[string, string, object, readonly string[], number]>([
    [
      "chat",
      "/v1/chat/completions",
      { ...CHAT, stream: true, stream_options: { include_usage: true } },
      [chunk("hi"), LAST, usageChunk, dataEvent("[DONE]")],
      0.00024,
    ],
    [
      "messages, whose end says only the output",
      "/v1/messages",
      { ...MESSAGES, stream: true },
      messageEvents(
        { ...CLAUDE_USAGE, output_tokens: 1 },
        { output_tokens: 300, server_tool_use: { web_search_requests: 2 } },
      ),
      0.03215,
    ],
    [
      "messages, whose end repeats the input without what was cached",
      "/v1/messages",
      { ...MESSAGES, stream: true },
      messageEvents({ ...CLAUDE_USAGE, output_tokens: 1 }, { input_tokens: 100, output_tokens: 300 }),
      0.03215,
    ],
    [
      "generate",
      STREAM_GENERATE,
      GEMINI,
      [
        dataEvent({ candidates: [{ content: { parts: [{ text: "h" }] } }], usageMetadata: { promptTokenCount: 1000 } }),
        dataEvent({
          candidates: [{ content: { parts: [{ text: "i" }] }, finishReason: "STOP" }],
          usageMetadata: GOOGLE_USAGE,
        }),
      ],
      0.000317,
    ],
    [
      "responses from Anthropic's API",
      "/v1/responses",
      { ...SMALLEST["/v1/responses"], model: MESSAGES.model, stream: true },
      messageEvents({ ...CLAUDE_USAGE, output_tokens: 1 }, { output_tokens: 300 }),
      0.03215,
    ],
  ])("%s", async (_, path, body, events, dollars) => {
    const { line, header } = await ask(path, body, sse(events));
    expect(line).toMatchObject({ streaming: true, outcome: "answered", usage_source: "provider", cost_usd: dollars });
    expect(header).toBeNull();
  });
});

describe("what a provider does not say is estimated", () => {
  const bytes = (body: unknown): number => Math.ceil(JSON.stringify(body).length / 4);

  test.each([
    ["that is not there", undefined],
    ["that says 0", { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 }],
    ["that is null", null],
  ])("of a whole answer, with usage %s", async (_, usage) => {
    const { line, header } = await ask("/v1/chat/completions", CHAT, json(200, completion(usage)));
    const input = bytes(CHAT);
    expect(line).toMatchObject({ usage_source: "estimated", input_tokens: input, output_tokens: 2 });
    expect(line["cost_usd"]).toBe(Number(((input * 15 + 2 * 60) / 1e8).toFixed(12)));
    expect(Number(header)).toBe(Number(line["cost_usd"]));
  });

  test("of a stream whose client did not ask for usage", async () => {
    const body = { ...CHAT, stream: true };
    const events = [chunk("four"), chunk("eighteen"), LAST, dataEvent("[DONE]")];
    const { line } = await ask("/v1/chat/completions", body, sse(events));
    expect(line).toMatchObject({ usage_source: "estimated", input_tokens: bytes(body), output_tokens: 3 });
  });

  test("of a stream that is cut", async () => {
    const body = { ...CHAT, stream: true, stream_options: { include_usage: true } };
    const [, ...steps] = sse([chunk("four"), chunk("eighteen")]);
    const head = sse([])[0] as Step;
    const { line } = await ask("/v1/chat/completions", body, [head, ...steps.slice(0, -1), close()]);
    expect(line).toMatchObject({
      ...{ outcome: "cut", usage_source: "estimated", input_tokens: bytes(body), output_tokens: 3 },
    });
    expect(line["cost_usd"]).toBeGreaterThan(0);
  });

  test("of Anthropic's stream that is cut, whose beginning tells the input", async () => {
    const events = messageEvents({ ...CLAUDE_USAGE, output_tokens: 1 }, {}, "x".repeat(400)).slice(0, 3);
    const steps = sse(events);
    const { line } = await ask("/v1/messages", { ...MESSAGES, stream: true }, [...steps.slice(0, -1), close()]);
    expect(line).toMatchObject({
      ...{ outcome: "cut", usage_source: "estimated", input_tokens: 3600, output_tokens: 100 },
      cached_input_tokens: 2000,
    });
  });

  test("of a stream whose client leaves: what had come until then", async () => {
    const gate = createGate();
    started.answerWith(sse([chunk("four"), chunk("eighteen"), chunk("never")], { gaps: [undefined, undefined, gate] }));
    const id = newId();
    const left = new AbortController();
    const body = { ...CHAT, stream: true };
    const response = await fetch(`${started.gateway.url}/v1/chat/completions`, {
      ...{ method: "POST", body: JSON.stringify(body), headers: { "x-request-id": id }, signal: left.signal },
    });
    let text = "";
    const reader = response.body?.getReader();
    while (!text.includes("eighteen")) text += Buffer.from((await reader?.read())?.value ?? []).toString();
    left.abort();
    await reader?.closed.catch(() => {});
    expect(await lineOf(id)).toMatchObject({
      ...{ outcome: "client_gone", usage_source: "estimated", input_tokens: bytes(body), output_tokens: 3 },
    });
    gate.open();
  });
});

describe("an estimate is made for every API", () => {
  const tokens = (body: unknown): number => Math.ceil(JSON.stringify(body).length / 4);
  const cut = (events: readonly string[]): readonly Step[] => [...sse(events).slice(0, -1), close()];
  const RESPONSES = { ...SMALLEST["/v1/responses"], model: "openai/gpt-4o-mini" };
  const MISTRAL = { ...MESSAGES, model: "mistral/mistral-large-latest", stream: true };
  const part = (text: string): object => ({ candidates: [{ content: { role: "model", parts: [{ text }] } }] });
  const LAST_PART = { candidates: [{ content: { role: "model", parts: [] }, finishReason: "STOP" }] };

  test.each<[string, string, unknown, readonly Step[], number]>([
    ["completions", "/v1/completions", SMALLEST["/v1/completions"], json(200, { choices: [{ text: "12345" }] }), 2],
    ["embeddings", "/v1/embeddings", SMALLEST["/v1/embeddings"], json(200, { data: [{ embedding: [0.5] }] }), 0],
    ["messages", "/v1/messages", MESSAGES, json(200, { content: [{ type: "text", text: "12345" }] }), 2],
    [
      "responses",
      "/v1/responses",
      RESPONSES,
      json(200, { object: "response", output: [{ content: [{ type: "output_text", text: "12345" }] }] }),
      2,
    ],
    ["generate", GENERATE, GEMINI, json(200, part("12345")), 2],
    [
      "a stream of generate",
      STREAM_GENERATE,
      GEMINI,
      sse([dataEvent(part("1234")), dataEvent(part("5")), dataEvent(LAST_PART)]),
      2,
    ],
    [
      "the same as an array",
      STREAM_GENERATE.replace("?alt=sse", ""),
      GEMINI,
      json(200, [part("1234"), part("5"), LAST_PART]),
      2,
    ],
    [
      "a stream of responses that is cut",
      "/v1/responses",
      { ...RESPONSES, stream: true },
      cut([
        dataEvent({ type: "response.created", response: { id: "r", instructions: null } }, "response.created"),
        dataEvent({ type: "response.output_text.delta", delta: "1234" }, "response.output_text.delta"),
        dataEvent({ type: "response.output_text.delta", delta: "5" }, "response.output_text.delta"),
        dataEvent({ type: "response.output_text.done", text: "12345" }, "response.output_text.done"),
      ]),
      2,
    ],
    ["a stream of messages from a chat API that is cut", "/v1/messages", MISTRAL, cut([chunk("1234"), chunk("5")]), 2],
  ])("%s", async (_, path, body, answer, output) => {
    const { line } = await ask(path, body, answer);
    expect(line).toMatchObject({ usage_source: "estimated", input_tokens: tokens(body), output_tokens: output });
  });
});

describe("nothing is made up", () => {
  test("of a model whose price nobody knows: null, and no header", async () => {
    const body = { ...CHAT, model: "openai/no-such-model" };
    const { line, header } = await ask("/v1/chat/completions", body, json(200, completion(CHAT_USAGE)));
    expect(line).toMatchObject({ usage_source: "provider", cost_usd: null });
    expect(header).toBeNull();
  });

  test("of a provider's error", async () => {
    const { line, header } = await ask("/v1/chat/completions", CHAT, json(500, { error: { message: "no" } }));
    expect(line).toMatchObject({ status: 500, usage_source: "none" });
    expect(line).not.toHaveProperty("cost_usd");
    expect(line).not.toHaveProperty("input_tokens");
    expect(header).toBeNull();
  });

  test("of an error that came with a good status", async () => {
    const { line } = await ask("/v1/chat/completions", CHAT, json(200, { error: { message: "no" } }));
    expect(line).toMatchObject({ usage_source: "none" });
    expect(line).not.toHaveProperty("cost_usd");
  });

  test("of a count of tokens", async () => {
    const body = { ...SMALLEST["/v1/messages/count_tokens"], model: MESSAGES.model };
    const { line } = await ask("/v1/messages/count_tokens", body, json(200, { input_tokens: 14 }));
    expect(line).toMatchObject({ status: 200, usage_source: "none" });
    expect(line).not.toHaveProperty("cost_usd");
  });

  test("of what no model was asked for", async () => {
    const refused = await ask("/v1/chat/completions", "{", json(200, {}));
    expect(refused.line).not.toHaveProperty("usage_source");
    const image = { type: "image_url", image_url: { url: "https://e.example/a.png" } };
    const unsent = { ...CHAT, messages: [{ role: "user", content: [image] }] };
    const seen = await ask("/v1/chat/completions", unsent, json(200, {}));
    expect(seen.line).toMatchObject({ status: 400, failure: "vision_disabled" });
    expect(seen.line).not.toHaveProperty("usage_source");
    const id = newId();
    await started.send("GET", "/v1/models?provider=openai", undefined, { "x-request-id": id });
    expect(await lineOf(id)).not.toHaveProperty("usage_source");
  });

  test("while costs are off", async () => {
    await using off = await startBesideProvider(threeProviders);
    const { line, header } = await ask("/v1/chat/completions", CHAT, json(200, completion(CHAT_USAGE)), off);
    expect(line).toMatchObject({ usage_source: "provider" });
    expect(line).not.toHaveProperty("cost_usd");
    expect(header).toBeNull();
  });

  test("for clients, unless they are to be told", async () => {
    await using quiet = await startBesideProvider((url) => ({ ...threeProviders(url), COST_ENABLED: "true" }));
    const { line, header } = await ask("/v1/chat/completions", CHAT, json(200, completion(CHAT_USAGE)), quiet);
    expect(line["cost_usd"]).toBe(0.00024);
    expect(header).toBeNull();
  });
});

describe("the list of prices", () => {
  const start = (environment: Record<string, string>, fetched: string[]) => {
    const list = ["openai", "anthropic", "google", "groq", "cohere"].map((id) => ({
      ...{ id, name: id, api_pattern: "x" },
      models: [{ id: "new", match: { starts_with: "new-model" }, prices: { input_mtok: 1000, output_mtok: 0 } }],
    }));
    return startBesideProvider((url) => ({ ...threeProviders(url), COST_HEADER: "true", ...environment }), {
      fetch: async (url, init) => {
        if (!url.startsWith("https://")) return fetch(url, init);
        fetched.push(url);
        return Response.json(list);
      },
    });
  };
  const NEW = { ...CHAT, model: "openai/new-model" };

  test("is fetched only if that is asked for, over the gateway's own way out", async () => {
    const fetched: string[] = [];
    await using still = await start({}, fetched);
    expect((await ask("/v1/chat/completions", NEW, json(200, completion(CHAT_USAGE)), still)).header).toBeNull();
    expect(fetched).toEqual([]);
    await using updated = await start({ PRICES_UPDATE: "true" }, fetched);
    // Another name each time: what was not found is looked up again only after a minute.
    let dollars: string | null = null;
    for (let count = 0; dollars === null && count < 100; count++) {
      const body = { ...NEW, model: `openai/new-model-${count}` };
      dollars = (await ask("/v1/chat/completions", body, json(200, completion(CHAT_USAGE)), updated)).header;
    }
    expect(dollars).toBe("1");
    expect(fetched).toEqual([
      "https://raw.githubusercontent.com/pydantic/genai-prices/main/prices/new_data/v2/data.json",
    ]);
  });
});
