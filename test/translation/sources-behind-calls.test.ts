import { afterAll, beforeAll, expect, test } from "bun:test";
import { dataEvent, json, sse } from "../fixtures/answers.ts";
import { type StartedGateway, startBesideProvider } from "../routes/started-gateway.ts";

/*
 * Gemini says at the end of an answer from where its text comes, also if it calls a tool behind that text.
 */

let started: StartedGateway;
beforeAll(async () => {
  started = await startBesideProvider((url) => ({
    CUSTOM_PROVIDERS: "googly",
    GOOGLY_API_URL: `${url}/v1beta`,
    GOOGLY_APIS: "generate",
  }));
});
afterAll(() => started[Symbol.asyncDispose]());

const TEXT = { text: "It rains." };
const CALL = { functionCall: { name: "look", args: { at: "sky" } } };
const SOURCES = {
  groundingMetadata: {
    groundingChunks: [{ web: { uri: "https://example.com/rain", title: "Rain" } }],
    groundingSupports: [{ segment: { startIndex: 3, endIndex: 8, text: "rains" }, groundingChunkIndices: [0] }],
  },
};

const bodyOf = (parts: readonly object[], members: object = {}) => ({
  candidates: [{ content: { role: "model", parts }, ...members }],
  responseId: "r",
  modelVersion: "m",
});
const WHOLE = bodyOf([TEXT, CALL], { finishReason: "STOP", ...SOURCES });
const STREAM = sse([
  dataEvent(bodyOf([TEXT])),
  dataEvent(bodyOf([CALL])),
  dataEvent(bodyOf([], { finishReason: "STOP", ...SOURCES })),
]);

const ASKS = {
  "/v1/chat/completions": { messages: [{ role: "user", content: "hi" }] },
  "/v1/responses": { input: "hi" },
  "/v1/messages": { messages: [{ role: "user", content: "hi" }], max_tokens: 9 },
};

const ask = async (path: keyof typeof ASKS, stream: boolean): Promise<string> => {
  started.answerWith(stream ? STREAM : json(200, WHOLE));
  const tools = path === "/v1/chat/completions" ? [{ type: "function", function: { name: "look" } }] : [];
  const response = await started.post(path, {
    model: "googly/m",
    ...ASKS[path],
    stream,
    ...(tools.length > 0 && { tools }),
  });
  return response.text();
};

test.each(["/v1/chat/completions", "/v1/responses"] as const)("%s tells the sources", async (path) => {
  const text = await ask(path, false);
  expect(text).toContain("https://example.com/rain");
  expect(text).toContain("look");
});

test("chat tells them in a stream, too, with their place", async () => {
  const text = await ask("/v1/chat/completions", true);
  const annotation = { start_index: 3, end_index: 8, title: "Rain", url: "https://example.com/rain" };
  expect(text).toContain(
    JSON.stringify({ annotations: [{ type: "url_citation", url_citation: annotation }] }).slice(1, -1),
  );
  expect(text).toContain("data: [DONE]");
});

test("Messages, which has no place for them, ends its stream well", async () => {
  const text = await ask("/v1/messages", true);
  expect(text).toContain("event: message_stop");
  expect(text).toContain("It rains.");
});

test("Responses tells them in a stream, too, behind the message and in the whole response", async () => {
  const text = await ask("/v1/responses", true);
  const added = text.indexOf("event: response.output_text.annotation.added");
  expect(added).toBeGreaterThan(text.indexOf("event: response.output_item.done"));
  expect(text.slice(text.indexOf("event: response.completed"))).toContain("https://example.com/rain");
});
