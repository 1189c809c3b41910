import Anthropic from "@anthropic-ai/sdk";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import OpenAI from "openai";
import { isJsonObject, type JsonObject } from "../../src/core/json/parse.ts";
import { DIALECTS } from "../../src/formats/dialects.ts";
import { dataEvent, json, sse } from "../fixtures/answers.ts";
import type { ReceivedRequest } from "../fixtures/http-request-parser.ts";
import { type MockProvider, startMockProvider } from "../fixtures/mock-provider.ts";
import { reset } from "../fixtures/script.ts";
import type { RunningGateway } from "../fixtures/start-gateway.ts";
import { startGateway } from "../fixtures/start-in-process.ts";
import { brokenRules } from "../formats/gemini/provider-rules.ts";
import { bodyText } from "../routes/started-gateway.ts";
import { answerOf } from "./provider-traffic.ts";
import { KEY, ROUTES } from "./translating-gateway.ts";

type Client = keyof typeof ROUTES;

const CLIENTS: readonly Client[] = ["chat", "messages", "responses"];

let provider: MockProvider;
let gateways: Readonly<Record<"chat" | "native", RunningGateway>>;
beforeAll(async () => {
  provider = await startMockProvider();
  const settings = { GOOGLE_API_URL: `${provider.url}/v1beta/openai`, GOOGLE_API_KEY: KEY, ENABLE_VISION: "true" };
  const start = (wire: string) => startGateway({ ...settings, GOOGLE_WIRE: wire }, { dialects: DIALECTS });
  gateways = { chat: await start("chat"), native: await start("native") };
  provider.readBy(gateways.chat);
});
afterAll(async () => {
  await gateways.chat.stop();
  await gateways.native.stop();
  await provider.stop();
});

let answer: (request: ReceivedRequest) => ReturnType<typeof json>;
let taken = 0;
beforeEach(() => {
  provider.answerAlways((request) => (request.method === "GET" ? json(200, { models: [] }) : answer(request)));
  taken = provider.requests.length;
});

const calls = (): readonly ReceivedRequest[] =>
  provider.requests.slice(taken).filter(({ method }) => method === "POST");

const BODIES: Readonly<Record<Client, object>> = {
  chat: { messages: [{ role: "user", content: "hi" }] },
  messages: { max_tokens: 9, messages: [{ role: "user", content: "hi" }] },
  responses: { input: "hi" },
};

const post = (gateway: RunningGateway, client: Client, members: object): Promise<Response> =>
  fetch(gateway.url + ROUTES[client], { method: "POST", body: JSON.stringify({ ...BODIES[client], ...members }) });

describe("GOOGLE_WIRE", () => {
  test.each(CLIENTS)("chat: a client of %s is sent to the chat endpoint", async (client) => {
    answer = () => answerOf("chat", false);
    const response = await post(gateways.chat, client, { model: "google/gemini-2.5-pro" });
    expect([response.status, calls().map(({ target }) => target)]).toEqual([200, ["/v1beta/openai/chat/completions"]]);
    expect(response.headers.get("x-gateway-translated")).toBe(client === "chat" ? null : `${client}->chat`);
  });

  const NAMES = ["gemini-3-pro", "models/gemini-3-pro"];
  test.each(CLIENTS.flatMap((client) => NAMES.map((model) => [client, model] as const)))(
    "native: a client of %s is sent to Google's own API for %s",
    async (client, model) => {
      answer = ({ target }) => answerOf("generate", target.includes(":stream"));
      for (const [stream, address] of [
        [false, "/v1beta/models/gemini-3-pro:generateContent"],
        [true, "/v1beta/models/gemini-3-pro:streamGenerateContent?alt=sse"],
      ] as const) {
        const response = await post(gateways.native, client, { model: `google/${model}`, stream });
        await response.text();
        expect([response.status, response.headers.get("x-gateway-translated")]).toEqual([200, `${client}->generate`]);
        const call = calls().at(-1);
        expect([call?.target, call?.header("x-goog-api-key")]).toEqual([address, KEY]);
        expect(call?.header("authorization")).toBeUndefined();
        expect(brokenRules(JSON.parse(call ? bodyText(call) : "null"), "gemini-3-pro")).toEqual([]);
      }
    },
  );

  test("a model that would change the path is refused", async () => {
    answer = () => answerOf("generate", false);
    const response = await post(gateways.native, "chat", { model: "google/models/.." });
    expect([response.status, calls()]).toEqual([400, []]);
  });
});

/** Message and type of an error, in whichever envelope it is. */
function errorIn(body: unknown): { readonly message: unknown; readonly type: unknown } {
  const { error, type } = body as { error: unknown; type?: unknown };
  return typeof error === "string" ? { message: error, type } : (error as { message: unknown; type: unknown });
}

const status = (code: number, name: string, details: readonly object[] = []) => ({
  error: { code, message: `It is ${name}`, status: name, details },
});

const BAD_KEY = [{ "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason: "API_KEY_INVALID" }];
const RETRY = [{ "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: "33.2s" }];

describe.each(CLIENTS)("an error of Google for a client of %s", (client) => {
  test.each<[number, string, readonly object[], number, string, string | null]>([
    [400, "INVALID_ARGUMENT", [], 400, "invalid_request_error", null],
    [400, "INVALID_ARGUMENT", BAD_KEY, 401, "authentication_error", null],
    [403, "PERMISSION_DENIED", [], 403, "permission_error", null],
    [404, "NOT_FOUND", [], 404, "not_found_error", null],
    [429, "RESOURCE_EXHAUSTED", RETRY, 429, "rate_limit_error", "34"],
    [500, "INTERNAL", [], 500, "api_error", null],
  ])("%d %s", async (code, name, details, expected, type, retryAfter) => {
    for (const body of [status(code, name, details), [status(code, name, details)]]) {
      answer = () => json(code, body);
      const response = await post(gateways.native, client, { model: "google/m", stream: true });
      expect([response.status, response.headers.get("retry-after")]).toEqual([expected, retryAfter]);
      const read = errorIn(await response.json());
      expect(read.message).toContain(`It is ${name}`);
      expect(read.type).toBe(type);
    }
  });

  test("as the first event of a stream it has its status", async () => {
    answer = () => sse([dataEvent(status(429, "RESOURCE_EXHAUSTED"))]);
    const response = await post(gateways.native, client, { model: "google/m", stream: true });
    expect(response.status).toBe(429);
    expect(errorIn(await response.json())).toMatchObject({ message: expect.stringContaining("It is") });
  });

  test("in the middle of a stream it is the last event", async () => {
    const begun = { candidates: [{ content: { parts: [{ text: "abc" }] } }] };
    answer = () => sse([dataEvent(begun), dataEvent([status(503, "UNAVAILABLE")])]);
    const response = await post(gateways.native, client, { model: "google/m", stream: true });
    const text = await response.text();
    expect([response.status, text]).toEqual([200, expect.stringContaining("abc")]);
    expect(text).toContain("It is UNAVAILABLE");
    expect(text).not.toMatch(/\[DONE\]|message_stop|response\.completed/);
  });
});

describe("a stream whose connection breaks", () => {
  const candidate = (parts: readonly object[], more: object = {}) =>
    dataEvent({ candidates: [{ content: { role: "model", parts }, ...more }], usageMetadata: { promptTokenCount: 3 } });
  const finished = candidate([{ text: "there" }], { finishReason: "STOP" });
  const breaking = (...events: readonly string[]) => [...sse(events).slice(0, -1), reset()];
  const chat = async (...events: readonly string[]): Promise<string> => {
    answer = () => breaking(...events);
    const asked = { model: "google/gemini-2.5-pro", stream: true, stream_options: { include_usage: true } };
    return (await post(gateways.native, "chat", asked)).text();
  };

  test("behind the reason to stop is whole, as it is for a client of Google's API", async () => {
    const text = await chat(candidate([{ text: "Hello " }]), finished);
    expect(text).toContain('"finish_reason":"stop"');
    expect(text).toContain('"prompt_tokens":3');
    expect(text.endsWith("data: [DONE]\n\n")).toBe(true);
    expect(text).not.toContain('"error"');
  });

  test.each<[string, readonly string[]]>([
    ["before it", [candidate([{ text: "Hello " }])]],
    ["behind what came after it", [finished, candidate([{ functionCall: { name: "look_up", args: {} } }])]],
  ])("%s is cut", async (_, events) => {
    const text = await chat(...events);
    expect(text).toContain('"code":"upstream_reset"');
    expect(text).not.toContain("[DONE]");
  });
});

test("Google's chat endpoint says of a bad key and of when to come back what its own API says", async () => {
  for (const [code, details, expected] of [
    [400, BAD_KEY, [401, null]],
    [429, RETRY, [429, "34"]],
  ] as const) {
    answer = () => json(code, [status(code, "X", details)]);
    const response = await post(gateways.chat, "chat", { model: "google/m" });
    expect([response.status, response.headers.get("retry-after")]).toEqual([...expected]);
  }
});

const MODEL = "gemini-3-pro-preview";
const SIGNATURES = ["U2lnbmF0dXJlLTE=", "U2lnbmF0dXJlLTI="];
const PICTURE = "iVBORw0KGgo=";

/** What the model says in each round: two calls at once, one call, words. */
const ROUNDS: readonly (readonly object[])[] = [
  [
    { text: "I should look.", thought: true },
    { functionCall: { id: "c1", name: "look", args: { at: "a" } }, thoughtSignature: SIGNATURES[0] },
    { functionCall: { id: "c2", name: "look", args: { at: "b" } } },
  ],
  [{ functionCall: { id: "c3", name: "look", args: { at: "c" } }, thoughtSignature: SIGNATURES[1] }],
  [{ text: "All " }, { text: "done." }, { text: "", thoughtSignature: "U2lnbmF0dXJlLTM=" }],
];

const listOf = (value: unknown): readonly JsonObject[] => (Array.isArray(value) ? value.filter(isJsonObject) : []);

/** Google, as strict as it is known to be: the rules of its API, and each signature back where it was. */
function strictGoogle({ target, body }: ReceivedRequest): ReturnType<typeof json> {
  const request = JSON.parse(Buffer.from(body).toString()) as JsonObject;
  const broken = [...brokenRules(request, MODEL)];
  const parts = listOf(request["contents"]).flatMap((content) => listOf(content["parts"]));
  const signatures = parts.flatMap(({ functionCall, thoughtSignature }) =>
    functionCall && thoughtSignature ? [thoughtSignature] : [],
  );
  const results = parts.filter(({ functionResponse }) => functionResponse);
  const round = results.length === 0 ? 0 : results.length === 2 ? 1 : 2;
  if (signatures.join() !== SIGNATURES.slice(0, round).join()) broken.push("a signature is not what it was");
  if (broken.length > 0) return json(400, { error: { code: 400, message: broken.join(), status: "INVALID_ARGUMENT" } });
  const said = ROUNDS[round] ?? [];
  const bodyOf = (each: readonly object[], end: object) => ({
    candidates: [{ index: 0, content: { role: "model", parts: each }, ...end }],
    usageMetadata: { promptTokenCount: 5, candidatesTokenCount: 2 },
    responseId: `r${round}`,
  });
  const STOP = { finishReason: "STOP" };
  if (!target.includes(":stream")) return json(200, bodyOf(said, STOP));
  return sse([...said.map((part) => dataEvent(bodyOf([part], {}))), dataEvent(bodyOf([{ text: "" }], STOP))]);
}

/** The results of the calls, by their ids: a picture, a failure, a text. */
const RESULTS: Readonly<Record<string, "picture" | "failure" | "text">> = { c1: "picture", c2: "failure", c3: "text" };

const parameters = { type: "object" as const, properties: { at: { type: "string" } } };
const PICTURE_URL = `data:image/png;base64,${PICTURE}`;

type Loop = (streams: boolean) => Promise<string>;

const chatLoop: Loop = async (streams) => {
  const openai = new OpenAI({ baseURL: `${gateways.native.url}/v1`, apiKey: "none", maxRetries: 0 });
  const messages: OpenAI.ChatCompletionMessageParam[] = [{ role: "user", content: "Look." }];
  const tools = [{ type: "function" as const, function: { name: "look", parameters } }];
  for (;;) {
    const request = { model: `google/${MODEL}`, messages, tools, reasoning_effort: "high" as const };
    const { choices } = streams
      ? await openai.chat.completions.stream(request).finalChatCompletion()
      : await openai.chat.completions.create(request);
    const message = choices[0]?.message;
    if (!message?.tool_calls?.length) return message?.content ?? "";
    messages.push(message);
    for (const { id } of message.tool_calls) {
      const content = RESULTS[id] === "picture" ? [{ type: "image_url", image_url: { url: PICTURE_URL } }] : "a result";
      messages.push({ role: "tool", tool_call_id: id, content } as OpenAI.ChatCompletionMessageParam);
    }
  }
};

const messagesLoop: Loop = async (streams) => {
  const anthropic = new Anthropic({ baseURL: gateways.native.url, apiKey: "none", maxRetries: 0 });
  const messages: Anthropic.MessageParam[] = [{ role: "user", content: "Look." }];
  for (;;) {
    const request = {
      model: `google/${MODEL}`,
      max_tokens: 20_000,
      thinking: { type: "enabled" as const, budget_tokens: 9000 },
      messages,
      tools: [{ name: "look", input_schema: parameters }],
    };
    const { content } = streams
      ? await anthropic.messages.stream(request).finalMessage()
      : await anthropic.messages.create(request);
    const uses = content.filter((block) => block.type === "tool_use");
    if (uses.length === 0) {
      // Claude Code takes the last block for the answer.
      const last = content.at(-1);
      return last?.type === "text" ? last.text : "";
    }
    messages.push({ role: "assistant", content });
    const results = uses.map(({ id }): Anthropic.ToolResultBlockParam => ({
      type: "tool_result",
      tool_use_id: id,
      is_error: RESULTS[id] === "failure",
      content:
        RESULTS[id] === "picture"
          ? [{ type: "image", source: { type: "base64", media_type: "image/png", data: PICTURE } }]
          : "a result",
    }));
    messages.push({ role: "user", content: results });
  }
};

const responsesLoop: Loop = async (streams) => {
  const openai = new OpenAI({ baseURL: `${gateways.native.url}/v1`, apiKey: "none", maxRetries: 0 });
  const input: OpenAI.Responses.ResponseInput = [{ role: "user", content: "Look." }];
  for (;;) {
    const request = {
      model: `google/${MODEL}`,
      input,
      store: false,
      reasoning: { effort: "high" as const, summary: "auto" as const },
      tools: [{ type: "function" as const, name: "look", parameters, strict: false }],
    };
    const { output, output_text } = streams
      ? await openai.responses.stream(request).finalResponse()
      : await openai.responses.create(request);
    const made = output.flatMap((item) => (item.type === "function_call" ? [item] : []));
    if (made.length === 0) return output_text;
    input.push(...(output as OpenAI.Responses.ResponseInput));
    for (const { call_id } of made) {
      const isPicture = RESULTS[call_id] === "picture";
      const result = isPicture
        ? [{ type: "input_image" as const, image_url: PICTURE_URL, detail: "auto" as const }]
        : "a result";
      input.push({ type: "function_call_output", call_id, output: result });
    }
  }
};

const LOOPS: readonly (readonly [Client, Loop])[] = [
  ["chat", chatLoop],
  ["messages", messagesLoop],
  ["responses", responsesLoop],
];

describe.each(LOOPS.flatMap(([client, loop]) => [false, true].map((streams) => [client, streams, loop] as const)))(
  "the official client of %s, streamed: %p",
  (client, streams, loop) => {
    test("calls tools for three rounds, and Google takes each replay", async () => {
      answer = strictGoogle;
      expect(await loop(streams)).toBe("All done.");
      const bodies = calls().map((call) => JSON.parse(bodyText(call)) as JsonObject);
      expect(bodies).toHaveLength(3);
      for (const { generationConfig } of bodies) {
        expect(generationConfig).toMatchObject({ thinkingConfig: { includeThoughts: true } });
      }
      const parts = listOf(bodies.at(-1)?.["contents"]).flatMap((content) => listOf(content["parts"]));
      const responses = parts.flatMap(({ functionResponse }) =>
        isJsonObject(functionResponse) ? [functionResponse] : [],
      );
      expect(responses).toMatchObject([
        { id: "c1", name: "look", parts: [{ inlineData: { mimeType: "image/png", data: PICTURE } }] },
        { id: "c2", name: "look", response: client === "messages" ? { error: "a result" } : { output: "a result" } },
        { id: "c3", name: "look", response: { output: "a result" } },
      ]);
    });
  },
);
