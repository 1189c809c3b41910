import Anthropic from "@anthropic-ai/sdk";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { DIALECTS } from "../../src/formats/dialects.ts";
import { json } from "../fixtures/answers.ts";
import { bodyText } from "../routes/started-gateway.ts";
import { KEY, startTranslating, type TranslatingGateway } from "./translating-gateway.ts";

/** Providers that count in one API each, beside those of the matrix, which do not count. */
const counting = (url: string): Record<string, string> => ({
  CUSTOM_PROVIDERS: "chatty,messaging,responding,claudes,gpts",
  CLAUDES_API_URL: `${url}/v1`,
  CLAUDES_API_KEY: KEY,
  CLAUDES_APIS: "messages,count_tokens",
  GPTS_API_URL: `${url}/v1`,
  GPTS_API_KEY: KEY,
  GPTS_APIS: "responses=/responses,input_tokens",
});

let started: TranslatingGateway;
let refusing: TranslatingGateway;
beforeAll(async () => {
  started = await startTranslating(counting, { dialects: DIALECTS });
  refusing = await startTranslating({ COUNT_TOKENS: "refuse" }, { dialects: DIALECTS });
});
afterAll(() => Promise.all([started[Symbol.asyncDispose](), refusing[Symbol.asyncDispose]()]));

const MESSAGES = "/v1/messages/count_tokens";
const RESPONSES = "/v1/responses/input_tokens";

const TOOL = { name: "get", description: "Gets", input_schema: { type: "object", properties: {} } };

function takeCall(): { target: string; body: Record<string, unknown>; headers: Headers } {
  const [call, ...more] = started.takeCalls();
  if (!call || more.length > 0) throw new Error("not one call");
  const headers = new Headers(call.headers as [string, string][]);
  return { target: call.target, body: JSON.parse(bodyText(call)) as Record<string, unknown>, headers };
}

test("a Messages client's count goes to a provider that counts in the Responses API", async () => {
  started.answerWith(json(200, { object: "response.input_tokens", input_tokens: 42 }));
  const request = { model: "gpts/m", system: "Be brief.", messages: [{ role: "user", content: "Hi" }], tools: [TOOL] };
  const response = await started.post(`${MESSAGES}?beta=true`, request);
  expect([response.status, await response.json()]).toEqual([200, { input_tokens: 42 }]);
  expect(response.headers.get("x-gateway-translated")).toBe("countTokens->inputTokens");
  expect(response.headers.get("x-gateway-estimated")).toBeNull();
  const { target, body, headers } = takeCall();
  expect([target, headers.get("authorization")]).toEqual(["/v1/responses/input_tokens", `Bearer ${KEY}`]);
  expect(body).toMatchObject({ model: "m", instructions: "Be brief.", tools: [{ type: "function", name: "get" }] });
  for (const name of ["stream", "store", "include", "max_output_tokens"]) expect(body[name]).toBeUndefined();
});

test("a Responses client's count goes to a provider that counts in the Messages API", async () => {
  started.answerWith(json(200, { input_tokens: 7 }));
  const response = await started.post(RESPONSES, { model: "claudes/m", instructions: "Be brief.", input: "Hi" });
  expect([response.status, await response.json()]).toEqual([200, { object: "response.input_tokens", input_tokens: 7 }]);
  const { target, body, headers } = takeCall();
  expect([target, headers.get("anthropic-version")]).toEqual(["/v1/messages/count_tokens", "2023-06-01"]);
  expect(Object.keys(body).sort()).toEqual(["messages", "model", "system"]);
});

test.each([
  [MESSAGES, { messages: [{ role: "user", content: "x".repeat(4000) }] }, 1000],
  [MESSAGES, { system: "x".repeat(400), messages: [{ role: "user", content: "x".repeat(400) }], tools: [TOOL] }, 200],
  [RESPONSES, { input: "x".repeat(4000) }, 1000],
] as const)("%s is estimated if the provider counts in no API, and says so", async (path, request, least) => {
  for (const model of ["chatty/m", ...(path === MESSAGES ? ["messaging/m", "responding/m"] : [])]) {
    const response = await started.post(path, { model, ...request });
    const { input_tokens } = (await response.json()) as { input_tokens: number };
    expect([response.status, response.headers.get("x-gateway-estimated")]).toEqual([200, "true"]);
    expect(input_tokens).toBeGreaterThanOrEqual(least);
    expect(input_tokens).toBeLessThan(least * 1.5);
  }
  expect(started.takeCalls()).toEqual([]);
});

test("the official client takes an estimate", async () => {
  const client = new Anthropic({ baseURL: started.gateway.url, apiKey: "none", maxRetries: 0 });
  const counted = await client.messages.countTokens({ model: "chatty/m", messages: [{ role: "user", content: "Hi" }] });
  expect(counted.input_tokens).toBeGreaterThan(0);
});

test("an error of the counting provider has the client's form", async () => {
  started.answerWith(json(429, { error: { message: "slow", type: "rate_limit_error" } }));
  const messages = [{ role: "user", content: "Hi" }];
  const response = await started.post(MESSAGES, { model: "gpts/m", messages });
  expect([response.status, await response.json()]).toMatchObject([
    429,
    { type: "error", error: { type: "rate_limit_error", message: "slow" } },
  ]);
  for (const answer of ["<html>", "[]", '{"tokens":1}']) {
    started.answerWith(json(200, answer));
    expect((await started.post(MESSAGES, { model: "gpts/m", messages })).status).toBe(502);
  }
  started.takeCalls();
});

describe("COUNT_TOKENS=refuse", () => {
  test.each([
    [MESSAGES, { messages: [{ role: "user", content: "x" }] }],
    [RESPONSES, { input: "x" }],
  ] as const)("%s is 400", async (path, request) => {
    const response = await refusing.post(path, { model: "chatty/m", ...request });
    expect([response.status, await response.text()]).toEqual([400, expect.stringContaining("COUNT_TOKENS")]);
    expect(refusing.takeCalls()).toEqual([]);
  });
});

test("compaction is a provider's own, and the refusal says so", async () => {
  const response = await started.post("/v1/responses/compact", { model: "chatty/m", input: "x" });
  expect([response.status, await response.json()]).toMatchObject([
    400,
    { error: { message: expect.stringContaining("compact") } },
  ]);
});

describe("DEFAULT_MAX_TOKENS", () => {
  test.each([
    [{}, "m", 8192],
    [{ DEFAULT_MAX_TOKENS: "30000" }, "m", 30_000],
    [{ DEFAULT_MAX_TOKENS: "30000" }, "claude-3-haiku-20240307", 4096],
    [{ DEFAULT_MAX_TOKENS: "1000" }, "claude-3-haiku-20240307", 1000],
    [{ DEFAULT_MAX_TOKENS: "500000" }, "claude-opus-4-1", 32_000],
  ] as const)("%j for %s is %i", async (settings, model, expected) => {
    await using own = await startTranslating(settings, { dialects: DIALECTS });
    const request = { model: `messaging/${model}`, messages: [{ role: "user", content: "x" }] };
    await own.post("/v1/chat/completions", request);
    await own.post("/v1/chat/completions", { ...request, max_tokens: 50 });
    const sent = own.takeCalls().map((call) => (JSON.parse(bodyText(call)) as { max_tokens: number }).max_tokens);
    expect(sent).toEqual([expected, 50]);
  });
});
