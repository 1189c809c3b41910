import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { dataEvent, json, sse } from "../fixtures/answers.ts";
import { type StartedGateway, startBesideProvider } from "../routes/started-gateway.ts";

let started: StartedGateway;
beforeAll(async () => {
  started = await startBesideProvider((url) => ({
    CUSTOM_PROVIDERS: "chatty,googly",
    CHATTY_API_URL: `${url}/v1`,
    GOOGLY_API_URL: `${url}/v1beta`,
    GOOGLY_APIS: "generate",
  }));
});
afterAll(() => started[Symbol.asyncDispose]());

/** Anthropic's clients decide by the status, and by the type that belongs to it, whether to ask again. */
const CASES: [object, number, string][] = [
  [{ code: 429, message: "slow" }, 429, "rate_limit_error"],
  [{ code: "429", message: "slow" }, 429, "rate_limit_error"],
  [{ code: 400, message: "no" }, 400, "invalid_request_error"],
  [{ code: 402, message: "no credits" }, 402, "invalid_request_error"],
  [{ code: 503, message: "busy" }, 503, "api_error"],
  [{ code: 529, message: "busy" }, 529, "overloaded_error"],
  [{ code: 429, type: "authentication_error", message: "the type says more" }, 401, "authentication_error"],
  [{ code: 200, message: "no status of errors" }, 502, "api_error"],
  [{ code: 1008, message: "a code of its own" }, 502, "api_error"],
  [{ code: "constructor", type: "toString", message: "words that tables have" }, 502, "api_error"],
];

describe.each([
  ["whole", false, (error: object) => json(200, { error })],
  ["first in a stream", true, (error: object) => sse([dataEvent({ error })])],
] as const)("an error with a good status, %s", (_, stream, answer) => {
  test.each(CASES)("%j of Chat Completions has the status %i", async (error, status, type) => {
    started.answerWith(answer(error));
    const messages = [{ role: "user", content: "hi" }];
    const response = await started.post("/v1/messages", { model: "chatty/m", max_tokens: 9, messages, stream });
    expect([response.status, await response.json()]).toMatchObject([status, { type: "error", error: { type } }]);
  });

  // A reason is a word in capitals: https://google.aip.dev/193#errorinfo
  test.each([
    [{ code: 429, message: "slow" }, 429, "PROVIDER_ERROR"],
    [{ code: "-5", message: "odd" }, 502, "PROVIDER_ERROR"],
    [{ code: "slow_down", message: "slow" }, 429, "SLOW_DOWN"],
  ] as const)("%j has the status %i for Google's clients, and the reason %s", async (error, status, reason) => {
    started.answerWith(answer(error));
    const method = stream ? "streamGenerateContent?alt=sse" : "generateContent";
    const response = await started.post(`/v1beta/models/chatty%2Fm:${method}`, {
      contents: [{ parts: [{ text: "hi" }] }],
    });
    const { error: told } = (await response.json()) as { error: { details: readonly object[] } };
    expect([response.status, told.details]).toMatchObject([status, [{ reason }]]);
  });

  test("of Google's API has the status of its code", async () => {
    started.answerWith(answer({ code: 429, message: "slow", status: "RESOURCE_EXHAUSTED" }));
    const messages = [{ role: "user", content: "hi" }];
    const response = await started.post("/v1/messages", { model: "googly/m", max_tokens: 9, messages, stream });
    expect([response.status, await response.json()]).toMatchObject([429, { error: { type: "rate_limit_error" } }]);
  });
});
