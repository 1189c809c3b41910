import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { dataEvent, json, sse } from "../fixtures/answers.ts";
import { createGate } from "../fixtures/gate.ts";
import { createManualClock } from "../fixtures/manual-clock.ts";
import { startMockProvider } from "../fixtures/mock-provider.ts";
import { chunk, end, head, reset, stall, wait } from "../fixtures/script.ts";
import { startGateway } from "../fixtures/start-in-process.ts";
import { ENDS, TEST_DIALECTS } from "../fixtures/test-dialect.ts";
import { bodyText } from "../routes/started-gateway.ts";
import {
  APIS,
  KEY,
  PAIRS,
  PROVIDERS,
  ROUTES,
  startTranslating,
  type TranslatingGateway,
} from "./translating-gateway.ts";

let started: TranslatingGateway;
beforeAll(async () => {
  started = await startTranslating();
});
beforeEach(() => {
  started.takeCalls();
});
afterAll(() => started[Symbol.asyncDispose]());

const modelOf = (wire: (typeof APIS)[number]): string => `${PROVIDERS[wire]}/m`;

const ANSWER = json(200, { text: "hi", usage: { in: 5, out: 2, cached: 1 } }, { "x-ratelimit-limit": "7" });
const EVENTS = [
  dataEvent({ start: true }),
  dataEvent({ piece: "a" }),
  dataEvent({ piece: "b" }),
  dataEvent({ stop: "end" }),
  dataEvent({ usage: { in: 5, out: 2, cached: 1 } }),
  dataEvent("[DONE]"),
];

function translated(client: (typeof APIS)[number], model: string): string {
  const events = [{ model }, { piece: "a" }, { piece: "b" }, { stop: "end" }];
  return events.map((event) => dataEvent({ for: client, ...event })).join("") + ENDS[client];
}

/** Members of the error, in whichever envelope it is. */
function errorIn(body: unknown): Record<string, unknown> {
  const { error, ...rest } = body as { error: unknown };
  return typeof error === "string" ? { message: error, ...rest } : (error as Record<string, unknown>);
}

describe.each(PAIRS)("a client of %s at a provider of %s", (client, wire) => {
  const model = modelOf(wire);

  test("gets a whole answer in its own API", async () => {
    started.answerWith(ANSWER);
    const response = await started.post(`${ROUTES[client]}?beta=true`, {
      model,
      said: "hello",
      top_k: 1,
      temperature: 2,
    });
    expect([response.status, await response.json()]).toEqual([200, { for: client, model, text: "hi" }]);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "content-type": "application/json",
      "x-gateway-translated": `${client}->${wire}`,
      "x-gateway-dropped": "top_k",
      "x-gateway-adjusted": "temperature",
      "x-ratelimit-limit": "7",
    });
    const [call] = started.takeCalls();
    expect(call?.target).toBe(ROUTES[wire]);
    expect(call?.header("authorization")).toBe(`Bearer ${KEY}`);
    expect(call && JSON.parse(bodyText(call))).toEqual({
      to: wire,
      provider: PROVIDERS[wire],
      model: "m",
      stream: false,
      said: ["hello"],
    });
    const line = await started.gateway.logged(({ request_id: id }) => id === response.headers.get("x-request-id"));
    expect(line).toMatchObject({
      provider: PROVIDERS[wire],
      model: "m",
      status: 200,
      input_tokens: 5,
      output_tokens: 2,
    });
  });

  test("gets each event of a stream at once, in its own API", async () => {
    const gates = EVENTS.map(createGate);
    started.answerWith(sse(EVENTS, { gaps: gates, splitEvery: 5 }));
    gates[0]?.open();
    const response = await started.post(ROUTES[client], { model, said: "hello", stream: true });
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "content-type": "text/event-stream",
      "x-gateway-translated": `${client}->${wire}`,
    });
    const decoder = new TextDecoder();
    let text = "";
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    const expected = translated(client, model);
    for (const [index, gate] of gates.entries()) {
      gate.open();
      // The event with the usage alone says nothing to a client.
      const until = expected.split("\n\n", index === 5 ? 9 : index + 1).join("\n\n").length;
      while (index !== 4 && text.length < until) text += decoder.decode((await reader.read()).value, { stream: true });
    }
    while (text.length < expected.length) text += decoder.decode((await reader.read()).value, { stream: true });
    expect([text, (await reader.read()).done]).toEqual([expected, true]);
    const line = await started.gateway.logged(({ request_id: id }) => id === response.headers.get("x-request-id"));
    expect(line).toMatchObject({ status: 200, streaming: true, input_tokens: 5, output_tokens: 2 });
    expect(line).not.toHaveProperty("failure");
  });

  test("sees its own form of an error that comes before the answer", async () => {
    const error = { message: `no ${KEY}`, type: "odd_type", code: "odd" };
    started.answerWith(json(429, { error }, { "retry-after": "3" }));
    const response = await started.post(ROUTES[client], { model, said: "hello", stream: true });
    expect([response.status, response.headers.get("retry-after")]).toEqual([429, "3"]);
    expect(response.headers.get("x-gateway-translated")).toBe(`${client}->${wire}`);
    const read = errorIn(await response.json());
    expect(read["message"]).not.toContain(KEY);
    // Anthropic's clients know a list of types, the others take any.
    expect(read["type"]).toBe(client === "messages" ? "rate_limit_error" : "odd_type");
  });

  test.each([
    ["in one piece", () => json(200, { error: { message: "slow", type: "rate_limit_error" } })],
    ["first in a stream", () => sse([dataEvent({ error: { message: "slow", type: "rate_limit_error" } }), ...EVENTS])],
  ])("sees an error with a good status as an error: %s", async (_, answer) => {
    started.answerWith(answer());
    const response = await started.post(ROUTES[client], { model, said: "hello", stream: true });
    expect([response.status, errorIn(await response.json())]).toMatchObject([
      429,
      { message: "slow", type: "rate_limit_error" },
    ]);
  });

  test("sees an error amid a stream as such", async () => {
    started.answerWith(sse([...EVENTS.slice(0, 2), dataEvent({ error: { message: "oh" } })]));
    const response = await started.post(ROUTES[client], { model, said: "hello", stream: true });
    const text = await response.text();
    expect(text).toStartWith(translated(client, model).split("\n\n", 2).join("\n\n"));
    expect(text).toContain('"message":"oh"');
    expect(text).not.toContain(ENDS[client]);
    const line = await started.gateway.logged(({ request_id: id }) => id === response.headers.get("x-request-id"));
    expect(line).toMatchObject({ failure: "provider_error" });
  });

  test.each([
    ["ends too early", () => sse(EVENTS.slice(0, 2))],
    [
      "breaks off",
      () => [
        head(200, { "content-type": "text/event-stream", "transfer-encoding": "chunked" }),
        ...EVENTS.slice(0, 2).map((event) => chunk(event)),
        reset(),
      ],
    ],
  ])("sees that a stream is not whole: it %s", async (_, answer) => {
    started.answerWith(answer());
    const response = await started.post(ROUTES[client], { model, said: "hello", stream: true });
    const text = await response.text();
    expect(text).toStartWith(translated(client, model).split("\n\n", 2).join("\n\n"));
    expect(text).not.toContain(ENDS[client]);
    expect(text).toContain(
      client === "messages" ? "event: error" : client === "chat" ? '{"error":{' : "response.failed",
    );
    const line = await started.gateway.logged(({ request_id: id }) => id === response.headers.get("x-request-id"));
    expect(line).toMatchObject({ failure: "upstream_reset" });
  });
});

test.each(APIS)("a client of %s is relayed byte for byte if the provider has its API", async (api) => {
  started.answerWith(json(200, '{"raw": 1.0}'));
  const body = { model: "relayed/m", said: "hello", top_k: 1 };
  const response = await started.post(`${ROUTES[api]}?beta=true`, body);
  expect(await response.text()).toBe('{"raw": 1.0}');
  expect(response.headers.get("x-gateway-translated")).toBeNull();
  const [call] = started.takeCalls();
  expect([call?.target, call && bodyText(call)]).toEqual([
    `${ROUTES[api]}?beta=true`,
    JSON.stringify({ ...body, model: "m" }),
  ]);
});

describe("what cannot be said to a provider", () => {
  test("is refused if it matters", async () => {
    const response = await started.post(ROUTES.messages, { model: "chatty/m", said: "x", voice: "low", top_p: 1 });
    expect([response.status, await response.json()]).toMatchObject([
      400,
      {
        type: "error",
        error: {
          type: "invalid_request_error",
          message: "voice cannot be sent to chatty: its API has no place for it",
        },
      },
    ]);
    expect(started.takeCalls()).toEqual([]);
  });

  test.each([
    ["messages", { messages: Array.from({ length: 30_001 }, () => ({})) }],
    ["parts", { messages: [{ role: "user", content: Array.from({ length: 30_000 }, () => ({})) }] }],
  ])("of too many %s is refused, because all of them are read at once", async (_, body) => {
    const response = await started.post(ROUTES.chat, { model: "messaging/m", ...body });
    expect([response.status, await response.json()]).toEqual([
      400,
      expect.objectContaining({ error: expect.stringContaining("more than 30000 messages and parts") }),
    ]);
    expect(started.takeCalls()).toEqual([]);
  });

  test("is refused in the words of the dialect", async () => {
    const response = await started.post(ROUTES.chat, { model: "messaging/m", said: "impossible" });
    expect([response.status, await response.json()]).toMatchObject([
      400,
      {
        error: "said cannot be sent to messaging: it is impossible",
        code: "unsupported_parameter",
        param: "said",
        provider: "messaging",
      },
    ]);
  });

  test("is left out and named if it does not", async () => {
    started.answerWith(ANSWER);
    const response = await started.post(ROUTES.chat, { model: "messaging/m", said: "x", top_p: 1, top_k: 1 });
    expect([response.status, response.headers.get("x-gateway-dropped")]).toEqual([200, "top_p, top_k"]);
  });

  test("is refused altogether with UNSUPPORTED_FIELDS=refuse", async () => {
    await using strict = await startTranslating({ UNSUPPORTED_FIELDS: "refuse", ERROR_FORMAT: "openai" });
    const refused = await strict.post(ROUTES.chat, { model: "messaging/m", said: "x", top_p: 1, top_k: 1 });
    const message = "top_p, top_k cannot be sent to messaging: its API has no place for it (UNSUPPORTED_FIELDS=refuse)";
    expect([refused.status, await refused.json()]).toMatchObject([400, { error: { message, param: "top_p, top_k" } }]);
    const adjusted = await strict.post(ROUTES.chat, { model: "messaging/m", said: "x", temperature: 1 });
    expect([adjusted.status, adjusted.headers.get("x-gateway-adjusted")]).toEqual([200, "temperature"]);
  });
});

test.each([
  ["/v1/responses/compact", "chatty/m", "responses_not_supported"],
  ["/v1/embeddings", "messaging/m", "embeddings_not_supported"],
  [ROUTES.chat, "nothing/m", "chat_not_supported"],
  [ROUTES.responses, "nothing/m", "responses_not_supported"],
])("%s is not translated for %s", async (path, model, code) => {
  const response = await started.post(path, { model, said: "x", input: "x" });
  expect(response.status).toBe(400);
  const line = await started.gateway.logged(({ request_id: id }) => id === response.headers.get("x-request-id"));
  expect(line).toMatchObject({ failure: code });
  expect(started.takeCalls()).toEqual([]);
});

test.each([
  ["is no JSON", "<html>"],
  ["is no object", "[]"],
  ["is nested too deeply", `{"a":${"[".repeat(80)}${"]".repeat(80)}}`],
])("an answer that %s is an error of the provider's", async (_, body) => {
  started.answerWith(json(200, body));
  const response = await started.post(ROUTES.messages, { model: "chatty/m", said: "x" });
  expect([response.status, await response.json()]).toMatchObject([
    502,
    { type: "error", error: { type: "api_error" } },
  ]);
});

test("a long request and a long answer are carried whole", async () => {
  const said = "é".repeat(1024 * 1024);
  started.answerWith(json(200, { text: said }));
  const response = await started.post(ROUTES.messages, { model: "chatty/m", said });
  expect(((await response.json()) as { text: string }).text).toBe(said);
  const [call] = started.takeCalls();
  expect(call && (JSON.parse(bodyText(call)) as { said: string[] }).said).toEqual([said]);
  await started.gateway.logged(({ request_id: id }) => id === response.headers.get("x-request-id"));
});

test("a provider that refuses stream_options is not sent any", async () => {
  await using other = await startTranslating({
    MISTRAL_API_URL: `${started.provider.url}/mistral`,
    MISTRAL_API_KEY: KEY,
    MISTRAL_APIS: "chat",
  });
  started.answerWith(sse(EVENTS));
  const response = await other.post(ROUTES.messages, { model: "mistral/m", said: "x", stream: true });
  expect(await response.text()).toBe(translated("messages", "mistral/m"));
  const [call] = started.takeCalls();
  expect(call && JSON.parse(bodyText(call))).toEqual({
    to: "chat",
    provider: "mistral",
    model: "m",
    stream: true,
    said: ["x"],
  });
});

test("the version of Anthropic's API goes along with its Messages", async () => {
  started.answerWith(ANSWER);
  await started.post(ROUTES.chat, { model: "messaging/m", said: "x" });
  const [call] = started.takeCalls();
  expect(call?.header("anthropic-version")).toBe("2023-06-01");
});

describe("a translated stream", () => {
  const open = { "content-type": "text/event-stream", "transfer-encoding": "chunked" };
  const begun = [head(200, open), chunk(EVENTS.slice(0, 2).join(""))];

  test("whose client leaves ends the provider's call", async () => {
    started.answerWith([...begun, stall()]);
    const leaving = new AbortController();
    const body = { model: "chatty/m", said: "x", stream: true };
    const response = await started.post(ROUTES.messages, body, { signal: leaving.signal });
    await (response.body as ReadableStream<Uint8Array>).getReader().read();
    const [call] = started.takeCalls();
    leaving.abort();
    expect((await started.provider.connectionClosed(call?.connection ?? 0)).by).toBe("peer");
    const line = await started.gateway.logged(({ request_id: id }) => id === response.headers.get("x-request-id"));
    expect(line).toMatchObject({ outcome: "client_gone" });
  });

  test("whose provider falls silent ends with an error of the client's API", async () => {
    const clock = createManualClock();
    await using timed = await startTranslating({ STREAM_KEEPALIVE: "0s" }, { now: clock.now, timers: clock });
    timed.answerWith([...begun, stall()]);
    const response = await timed.post(ROUTES.messages, { model: "chatty/m", said: "x", stream: true });
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    let text = Buffer.from((await reader.read()).value ?? []).toString();
    await clock.advance(24 * 60 * 60 * 1000);
    for (let read = await reader.read(); !read.done; read = await reader.read())
      text += Buffer.from(read.value).toString();
    expect(text).toStartWith(translated("messages", "chatty/m").split("\n\n", 2).join("\n\n"));
    expect(text).toContain("event: error");
    expect(text).toContain("CLIENT_STREAM_IDLE_TIMEOUT");
    await clock.advance(10_000);
  });

  test("that is none although it was asked for is a whole answer, and the other way round", async () => {
    started.answerWith(ANSWER);
    const whole = await started.post(ROUTES.chat, { model: "messaging/m", said: "x", stream: true });
    expect(await whole.json()).toEqual({ for: "chat", model: "messaging/m", text: "hi" });
    started.answerWith(sse(EVENTS));
    const stream = await started.post(ROUTES.chat, { model: "messaging/m", said: "x" });
    expect(await stream.text()).toBe(translated("chat", "messaging/m"));
  });

  test("whose content type does not say that it is one is one", async () => {
    const text = EVENTS.join("");
    started.answerWith(json(200, text));
    const response = await started.post(ROUTES.chat, { model: "messaging/m", said: "x", stream: true });
    expect([response.headers.get("content-type"), await response.text()]).toEqual([
      "text/event-stream",
      translated("chat", "messaging/m"),
    ]);
  });

  test("that is called one and is JSON is a whole answer", async () => {
    started.answerWith(
      json(200, { text: "hi" }, { "content-type": "text/event-stream" }).map((step) =>
        step.kind === "head"
          ? { ...step, headers: step.headers.filter(([, value]) => value !== "application/json") }
          : step,
      ),
    );
    const response = await started.post(ROUTES.chat, { model: "messaging/m", said: "x", stream: true });
    expect(await response.json()).toEqual({ for: "chat", model: "messaging/m", text: "hi" });
  });

  test("without an end of its own is one of the client's, with its end as soon as the provider has said it", async () => {
    const gate = createGate();
    started.answerWith([head(200, open), chunk(EVENTS.join("")), wait(gate), end()]);
    const response = await started.post(ROUTES.chat, { model: "messaging/m", said: "x", stream: true });
    const expected = translated("chat", "messaging/m");
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    let text = "";
    while (text.length < expected.length) text += Buffer.from((await reader.read()).value ?? []).toString();
    expect(text).toBe(expected);
    gate.open();
    expect((await reader.read()).done).toBe(true);
  });

  test("that is long comes through whole, to a client that reads slowly too", async () => {
    const pieces = Array.from({ length: 20_000 }, (_, index) => dataEvent({ piece: `${index} `.repeat(10) }));
    started.answerWith([head(200, open), chunk([EVENTS[0], ...pieces, ...EVENTS.slice(3)].join("")), end()]);
    const response = await started.post(ROUTES.messages, { model: "chatty/m", said: "x", stream: true });
    const text = await response.text();
    expect(text.match(/"piece"/g)).toHaveLength(20_000);
    expect(text).toEndWith(ENDS.messages);
  });
});

describe("a bare name", () => {
  test("goes to the provider that lists it and can only be translated to, if none has the client's API", async () => {
    await using provider = await startMockProvider();
    provider.answerAlways(({ method, target }) => {
      if (method === "GET") return json(200, { data: [{ id: target.startsWith("/a/") ? "of-a" : "of-b" }] });
      return json(200, { text: target });
    });
    await using gateway = await startGateway(
      {
        CUSTOM_PROVIDERS: "aaa,bbb",
        AAA_API_URL: `${provider.url}/a/v1`,
        AAA_APIS: "chat",
        BBB_API_URL: `${provider.url}/b/v1`,
        BBB_APIS: "responses",
      },
      { dialects: TEST_DIALECTS },
    );
    const ask = async (model: string): Promise<unknown> => {
      const body = JSON.stringify({ model, said: "x" });
      const response = await fetch(`${gateway.url}/v1/messages`, { method: "POST", body });
      return [response.status, response.headers.get("x-gateway-translated")];
    };
    expect(await ask("of-a")).toEqual([200, "messages->chat"]);
    expect(await ask("of-b")).toEqual([200, "messages->responses"]);
    // No guess, although one of two could be asked.
    expect(await ask("of-nobody")).toEqual([400, null]);
  });
});
