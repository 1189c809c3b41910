import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { closeWithoutAnswer, json, redirect, resetWithoutAnswer } from "../fixtures/answers.ts";
import { chunk, close, end, head } from "../fixtures/script.ts";
import { CHAT, type PostRoute, POST_ROUTES, SMALLEST } from "./requests.ts";
import { KEY, type StartedGateway, startBesideProvider, threeProviders } from "./started-gateway.ts";

let started: StartedGateway;
let openAiErrors: StartedGateway;

beforeAll(async () => {
  [started, openAiErrors] = await Promise.all([
    startBesideProvider(),
    startBesideProvider((url) => ({ ...threeProviders(url), ERROR_FORMAT: "openai" })),
  ]);
});
beforeEach(() => {
  started.takeCalls();
});
afterAll(async () => {
  await Promise.all([started[Symbol.asyncDispose](), openAiErrors[Symbol.asyncDispose]()]);
});

const chat = (at: StartedGateway, extra: object = {}) => at.post("/v1/chat/completions", { ...CHAT, ...extra });

/** Error bodies in the shapes that providers use, with what must be read out of them. */
const SHAPES: readonly (readonly [who: string, status: number, body: unknown, expected: object])[] = [
  [
    "OpenAI",
    401,
    { error: { message: "Bad key", type: "invalid_request_error", param: null, code: "invalid_api_key" } },
    { error: "Bad key", type: "invalid_request_error", code: "invalid_api_key" },
  ],
  [
    "OpenAI with a param",
    400,
    {
      error: { message: "Too long", type: "invalid_request_error", param: "messages", code: "context_length_exceeded" },
    },
    { error: "Too long", param: "messages", code: "context_length_exceeded" },
  ],
  [
    "Anthropic",
    529,
    { type: "error", error: { type: "overloaded_error", message: "Overloaded" }, request_id: "req_1" },
    { error: "Overloaded", type: "overloaded_error" },
  ],
  [
    "Google, in a list",
    400,
    [{ error: { code: 400, message: "Bad", status: "INVALID_ARGUMENT" } }],
    { error: "Bad", code: 400 },
  ],
  [
    "Google",
    404,
    { error: { code: 404, message: "No model", status: "NOT_FOUND" } },
    { error: "No model", type: "NOT_FOUND" },
  ],
  ["Cohere", 422, { id: "x", message: "invalid request: n" }, { error: "invalid request: n" }],
  [
    "Mistral",
    422,
    { object: "error", message: { detail: [{ loc: ["body", "n"], msg: "too big" }] }, type: "invalid_request_error" },
    { error: "body.n: too big", type: "invalid_request_error" },
  ],
  ["FastAPI", 422, { detail: [{ loc: ["body", "model"], msg: "missing" }] }, { error: "body.model: missing" }],
  ["FastAPI, a sentence", 404, { detail: "Not Found" }, { error: "Not Found" }],
  [
    "Cloudflare",
    400,
    { success: false, errors: [{ code: 7000, message: "No route" }] },
    { error: "No route", code: 7000 },
  ],
  ["Ollama", 404, { error: "model 'x' not found" }, { error: "model 'x' not found" }],
  ["text", 503, "upstream connect error", { error: "upstream connect error" }],
  ["an HTML page", 502, "<html><body>Bad Gateway</body></html>", { error: "The provider answered with status 502" }],
  ["nothing", 500, "", { error: "The provider answered with status 500" }],
  ["an empty object", 418, {}, { error: "The provider answered with status 418" }],
  ["a message that is no text", 400, { error: { message: 7 } }, { error: "The provider answered with status 400" }],
];

describe("a provider's error keeps its status and says its message", () => {
  test.each(SHAPES)("%s: %i", async (_, status, body, expected) => {
    started.answerWith(json(status, body, { "retry-after": "9", "x-request-id": "theirs" }));
    const response = await chat(started);
    expect([response.status, response.headers.get("content-type")]).toEqual([status, "application/json"]);
    expect(response.headers.get("retry-after")).toBe("9");
    expect(response.headers.get("x-upstream-request-id")).toBe("theirs");
    expect(await response.json()).toMatchObject({ ...expected, provider: "openai" });
  });

  test.each(SHAPES)("%s, with ERROR_FORMAT=openai", async (_, status, body, expected) => {
    openAiErrors.answerWith(json(status, body));
    const response = await chat(openAiErrors);
    const { error: message, ...rest } = expected as { error: string };
    const { error } = (await response.json()) as { error: Record<string, unknown> };
    expect([response.status, error]).toMatchObject([status, { message, ...rest }]);
    const members = Object.keys(error).filter((name) => name !== "provider_error");
    expect(members.sort()).toEqual(["code", "message", "param", "type"]);
  });

  test.each(POST_ROUTES)("%s, also if a stream was asked for", async (route) => {
    for (const stream of [false, true]) {
      started.answerWith(
        json(429, { error: { message: "Slow down", type: "rate_limit_error" } }, { "retry-after": "2" }),
      );
      const response = await started.post(route, { ...SMALLEST[route], ...(stream && { stream }) });
      expect([response.status, response.headers.get("content-type")]).toEqual([429, "application/json"]);
      expect(response.headers.get("retry-after")).toBe("2");
      expect(await response.json()).toMatchObject(
        route.startsWith("/v1/messages")
          ? { type: "error", error: { type: "rate_limit_error", message: "Slow down" } }
          : route.startsWith("/v1/responses")
            ? { error: { message: "Slow down", type: "rate_limit_error" } }
            : { error: "Slow down", type: "rate_limit_error" },
      );
    }
  });

  test("an error that comes compressed, in chunks, or breaks off, is read as far as it came", async () => {
    const body = JSON.stringify({ error: { message: "squeezed" } });
    started.answerWith([
      head(400, { "content-type": "application/json", "content-encoding": "gzip", "transfer-encoding": "chunked" }),
      chunk(Bun.gzipSync(body)),
      end(),
    ]);
    expect(await (await chat(started)).json()).toMatchObject({ error: "squeezed" });
    started.answerWith([head(500, { "content-length": "9999" }), chunk('{"error'), close()]);
    const broken = await chat(started);
    expect(broken.status).toBeGreaterThanOrEqual(500);
    expect(await broken.json()).toMatchObject({ provider: "openai" });
  });

  test("an error without end is not read to its end", async () => {
    started.answerWith(json(500, JSON.stringify({ error: { message: "x".repeat(400_000) } })));
    const response = await chat(started);
    const text = await response.text();
    expect([response.status, text.length < 10_000]).toEqual([500, true]);
  });
});

describe("Anthropic's own errors on its routes keep their type", () => {
  test.each([
    [529, "overloaded_error"],
    [429, "rate_limit_error"],
    [402, "billing_error"],
    [413, "request_too_large"],
    [504, "timeout_error"],
    [500, "api_error"],
  ])("%i %s", async (status, type) => {
    started.answerWith(json(status, { type: "error", error: { type, message: "theirs" }, request_id: "req_1" }));
    for (const route of ["/v1/messages", "/v1/messages/count_tokens"] as const) {
      const response = await started.post(route, SMALLEST[route]);
      expect([response.status, await response.json()]).toEqual([
        status,
        { type: "error", error: { type, message: "theirs" }, request_id: response.headers.get("x-request-id") },
      ]);
    }
  });
});

describe("no key reaches the client", () => {
  test.each([
    ["a message", { error: { message: `Incorrect API key provided: ${KEY}.`, code: "invalid_api_key" } }],
    ["text", `denied for ${KEY} and ${KEY}`],
    ["a detail", { detail: [{ loc: ["header", KEY], msg: KEY }] }],
  ])("that a provider echoes in %s", async (_, body) => {
    started.answerWith(json(401, body));
    for (const route of POST_ROUTES) {
      const response = await started.post(route, SMALLEST[route]);
      const text = await response.text();
      expect([response.status, text.includes(KEY)]).toEqual([401, false]);
    }
    expect(started.gateway.output().stdout).not.toContain(KEY);
  });

  test("that a provider echoes in a type, a code and a param", async () => {
    started.answerWith(json(401, { error: { message: "no", type: KEY, code: KEY, param: KEY } }));
    expect(await (await chat(started)).text()).not.toContain(KEY);
  });
  test("that stands where a long message is cut", async () => {
    started.answerWith(json(401, { error: { message: "x".repeat(4000 - 10) + KEY } }));
    expect((await (await chat(started)).text()).includes(KEY.slice(0, 8))).toBe(false);
  });
});

describe("what is no answer of an API is 502", () => {
  test("a redirect is not followed and not relayed", async () => {
    started.answerWith(redirect("http://127.0.0.1:1/steal?key=x"));
    const response = await chat(started);
    expect([response.status, response.headers.get("location")]).toEqual([502, null]);
    expect(await response.json()).toMatchObject({ code: "upstream_redirect", provider: "openai" });
    expect(started.takeCalls()).toHaveLength(1);
  });

  test.each([
    ["closes", closeWithoutAnswer],
    ["resets", resetWithoutAnswer],
  ])("a provider that %s without a word", async (_, script) => {
    started.answerWith(script());
    const response = await chat(started);
    expect(response.status).toBe(502);
    expect(await response.text()).not.toContain(started.provider.url);
  });

  test("an empty answer", async () => {
    started.answerWith(json(200, ""));
    const response = await chat(started);
    expect([response.status, await response.json()]).toMatchObject([502, { code: "upstream_empty_response" }]);
  });
});

/** Lies beside the project and is no part of it, so a clone has none. */
const RECORDED = resolve(import.meta.dir, "../../../shared/recorded");
const ROUTE_OF: Readonly<Record<string, PostRoute>> = { anthropic: "/v1/messages" };

test("the errors that were recorded from real providers are told in their own words", async () => {
  if (!existsSync(RECORDED))
    return console.warn(`Recorded provider errors are not in ${RECORDED}: they are not replayed.`);
  const names = await Array.fromAsync(new Bun.Glob("*/*-json-[45]??-*.json").scan(RECORDED));
  expect(names.length).toBeGreaterThan(0);
  for (const name of names) {
    const recorded = (await Bun.file(join(RECORDED, name)).json()) as {
      provider: string;
      status: number;
      body: { error: { message: string } };
    };
    started.answerWith(json(recorded.status, recorded.body));
    const route = ROUTE_OF[recorded.provider] ?? "/v1/chat/completions";
    const response = await started.post(route, SMALLEST[route]);
    const { error } = (await response.json()) as { error: string | { message: string } };
    expect([name, response.status, typeof error === "string" ? error : error.message]).toEqual([
      name,
      recorded.status,
      recorded.body.error.message,
    ]);
  }
});
