import { afterAll, beforeAll, beforeEach, expect, test } from "bun:test";
import { json } from "../fixtures/answers.ts";
import { bodyText, type StartedGateway, startBesideProvider } from "../routes/started-gateway.ts";

/*
 * Clients send back what was said before with its sources. They go to the provider where its API has a place for them,
 * and are named where it has none.
 */

let started: StartedGateway;
beforeAll(async () => {
  started = await startBesideProvider((url) => ({
    CUSTOM_PROVIDERS: "googly,messaging,responding,chatting",
    GOOGLY_API_URL: `${url}/v1beta`,
    GOOGLY_APIS: "generate",
    MESSAGING_API_URL: `${url}/v1`,
    MESSAGING_APIS: "messages",
    RESPONDING_API_URL: `${url}/v1`,
    RESPONDING_APIS: "responses",
    CHATTING_API_URL: `${url}/v1`,
    CHATTING_APIS: "chat",
  }));
});
beforeEach(() => {
  started.takeCalls();
});
afterAll(() => started[Symbol.asyncDispose]());

const CITED = { url: "https://example.com/rain", title: "Rain" };
const PLACED = { ...CITED, start_index: 3, end_index: 8 };

const ASK = { role: "user", content: "Why?" };
const ASKS = {
  "/v1/chat/completions": {
    messages: [
      {
        role: "assistant",
        content: "It rains.",
        annotations: [{ type: "url_citation", url_citation: PLACED }],
      },
      ASK,
    ],
  },
  "/v1/responses": {
    input: [
      {
        type: "message",
        role: "assistant",
        content: [
          { type: "output_text", text: "It rains.", annotations: [{ type: "url_citation", ...PLACED }], logprobs: [] },
        ],
      },
      ASK,
    ],
  },
  "/v1/messages": {
    max_tokens: 9,
    messages: [
      {
        role: "assistant",
        content: [{ type: "text", text: "It rains.", citations: [{ type: "web_search_result_location", ...CITED }] }],
      },
      ASK,
    ],
  },
};

const ask = async (
  path: keyof typeof ASKS,
  provider: keyof typeof ANSWERS,
): Promise<{ dropped: string | null; sent: string }> => {
  started.answerWith(json(200, ANSWERS[provider]));
  const response = await started.post(path, { model: `${provider}/m`, ...ASKS[path] });
  await response.text();
  const [call] = started.takeCalls();
  const sent = call ? bodyText(call) : "";
  return { dropped: response.headers.get("x-gateway-dropped"), sent };
};

const ANSWERS = {
  googly: { candidates: [{ content: { parts: [{ text: "a" }] }, finishReason: "STOP" }] },
  messaging: { type: "message", role: "assistant", content: [{ type: "text", text: "a" }], stop_reason: "end_turn" },
  responding: {
    ...{ id: "r", object: "response", status: "completed", model: "m" },
    output: [{ type: "message", role: "assistant", content: [{ type: "output_text", text: "a" }] }],
  },
  chatting: { choices: [{ index: 0, message: { role: "assistant", content: "a" }, finish_reason: "stop" }] },
};

test.each([
  ["/v1/chat/completions", "messaging"],
  ["/v1/chat/completions", "googly"],
  ["/v1/responses", "messaging"],
  ["/v1/responses", "googly"],
  ["/v1/responses", "chatting"],
  ["/v1/messages", "googly"],
  ["/v1/messages", "chatting"],
] as const)("%s names sources that %s has no place for", async (path, provider) => {
  const { dropped, sent } = await ask(path, provider);
  expect(sent).toContain("It rains.");
  expect(sent).not.toContain(CITED.url);
  expect(dropped).toBe(path === "/v1/messages" ? "citations" : "annotations");
});

test.each(["/v1/chat/completions", "/v1/messages"] as const)("%s tells Responses its sources", async (path) => {
  const { dropped, sent } = await ask(path, "responding");
  const place = path === "/v1/messages" ? {} : { start_index: 3, end_index: 8 };
  expect(JSON.parse(sent)).toMatchObject({
    input: [{ content: [{ annotations: [{ type: "url_citation", ...CITED, ...place }] }] }, {}],
  });
  expect(dropped).toBeNull();
});

test.each([
  ["/v1/chat/completions", "chatting"],
  ["/v1/responses", "responding"],
  ["/v1/messages", "messaging"],
] as const)("%s goes to %s as it is", async (path, provider) => {
  const { dropped, sent } = await ask(path, provider);
  expect(sent).toContain(CITED.url);
  expect(dropped).toBeNull();
});
