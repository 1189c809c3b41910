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

test.each(["/v1/responses", "/v1/messages"] as const)("%s ends its stream well, where it is too late", async (path) => {
  const text = await ask(path, true);
  expect(text).toContain(path === "/v1/messages" ? "event: message_stop" : "event: response.completed");
  expect(text).toContain("It rains.");
});
