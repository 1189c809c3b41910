import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { DIALECTS } from "../../src/formats/dialects.ts";
import { dataEvent, json, sse } from "../fixtures/answers.ts";
import { STREAMS } from "./provider-traffic.ts";
import { PAIRS, PROVIDERS, ROUTES, startTranslating, type TranslatingGateway } from "./translating-gateway.ts";

let started: TranslatingGateway;
beforeAll(async () => {
  started = await startTranslating({ ERROR_FORMAT: "openai" }, { dialects: DIALECTS });
});
afterAll(() => started[Symbol.asyncDispose]());

const QUESTION = [{ role: "user", content: "hi" }];
const BODIES = {
  chat: { messages: QUESTION },
  messages: { messages: QUESTION, max_tokens: 5 },
  responses: { input: "hi" },
} as const;

/** How providers of each API say that a request is too long for the model, in the member `error`. */
const TOLD = {
  chat: { message: "This model's maximum context length is 8 tokens", code: "context_length_exceeded" },
  messages: { type: "invalid_request_error", message: "prompt is too long: 9 tokens > 8 maximum" },
  responses: { message: "Your input exceeds the context window of this model.", code: "context_length_exceeded" },
} as const;

const WORDS = [
  "input length and `max_tokens` exceed context limit: 9 + 5 > 8",
  "the request exceeds the available context size, try increasing it",
  "The input token count (9) exceeds the maximum number of tokens allowed (8).",
  "Prompt contains 9 tokens, too large for model with 8 maximum context length",
  "This model's maximum prompt length is 8 but the request contains 9 tokens.",
  "Input is too long for requested model.",
  "Your request exceeded model token limit: 8",
  "too many tokens: size limit exceeded by 9 tokens. The limit for this model is 8 tokens.",
];

/** Coding agents shorten their conversation on these, and give up on any other error. */
function expectOverflow(client: (typeof PAIRS)[number][0], error: unknown): void {
  const { type, message, code } = error as Record<string, string>;
  if (client !== "messages") return expect(code).toBe("context_length_exceeded");
  expect(type).toBe("invalid_request_error");
  expect(message?.toLowerCase()).toStartWith("prompt is too long");
}

describe.each(PAIRS)("a client of %s at a provider of %s knows that the model has no room", (client, wire) => {
  const ask = (stream: boolean): Promise<Response> =>
    started.post(ROUTES[client], { ...BODIES[client], model: `${PROVIDERS[wire]}/m`, stream });

  test("from an error with a status", async () => {
    started.answerWith(json(400, { error: TOLD[wire] }));
    const response = await ask(true);
    expect(response.status).toBe(400);
    expectOverflow(client, ((await response.json()) as { error: unknown }).error);
  });

  test.each(WORDS)("from the words: %s", async (message) => {
    started.answerWith(json(400, { error: { type: "invalid_request_error", message } }));
    const { error } = (await (await ask(false)).json()) as { error: { message: string } };
    expectOverflow(client, error);
    expect(error.message).toContain(message);
  });

  const failed = { type: "response.failed", response: { status: "failed", error: TOLD.responses, output: [] } };
  const event = wire === "responses" ? failed : { type: "error", error: TOLD[wire] };

  test("from the first event of a stream", async () => {
    started.answerWith(sse([dataEvent(event, event.type)]));
    const response = await ask(true);
    expect(response.status).toBe(400);
    expectOverflow(client, ((await response.json()) as { error: unknown }).error);
  });

  test("amid a stream", async () => {
    started.answerWith(sse([...STREAMS[wire].slice(0, 4), dataEvent(event, event.type)]));
    const last = (await (await ask(true)).text()).trimEnd().split("data: ").at(-1) ?? "";
    const read = JSON.parse(last) as { error?: unknown; response?: { error: unknown } };
    expectOverflow(client, read.error ?? read.response?.error);
  });
});

test.each([
  [429, "Your request exceeded model token limit: 8 a minute"],
  [400, "max_tokens is too large"],
])("%d with the words %s is another error", async (status, message) => {
  started.answerWith(json(status, { error: { message } }));
  const response = await started.post(ROUTES.responses, { ...BODIES.responses, model: "chatty/m" });
  const { error } = (await response.json()) as { error: { code: string } };
  expect([response.status, error.code]).toEqual([status, "provider_error"]);
});
