import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import { openRawClient, type RawClient } from "../fixtures/raw-http-client.ts";
import { CHAT, type PostRoute, POST_ROUTES, SMALLEST } from "./requests.ts";
import { bodyText, type StartedGateway, startBesideProvider, threeProviders } from "./started-gateway.ts";

const LIMIT = 100_000;

let started: StartedGateway;

beforeAll(async () => {
  started = await startBesideProvider((url) => ({
    ...threeProviders(url),
    SERVER_MAX_REQUEST_BODY_SIZE: String(LIMIT),
  }));
});
beforeEach(() => {
  started.takeCalls();
});
afterAll(() => started[Symbol.asyncDispose]());

/** The message of an error in the envelope of its route. */
async function refusal(
  route: PostRoute,
  body: unknown,
  headers: Record<string, string> = {},
  by: StartedGateway = started,
) {
  const response = await by.post(route, body, headers);
  expect(response.headers.get("content-type")).toBe("application/json");
  expect(by.takeCalls()).toEqual([]);
  const { error } = (await response.json()) as { error: string | { message: string } };
  return [response.status, typeof error === "string" ? error : error.message];
}

describe("what the gateway itself must read is checked, and nothing else", () => {
  test.each([
    ["/v1/chat/completions", {}, "model is required"],
    ["/v1/chat/completions", { ...CHAT, model: "" }, "model must not be empty"],
    ["/v1/chat/completions", { ...CHAT, model: 7 }, "model must be a string"],
    ["/v1/chat/completions", { ...CHAT, model: null }, "model must be a string"],
    ["/v1/chat/completions", { ...CHAT, stream: "yes" }, "stream must be a boolean"],
    ["/v1/messages", { ...SMALLEST["/v1/messages"], stream: 1 }, "stream must be a boolean"],
    ["/v1/messages/count_tokens", {}, "model is required"],
    ["/v1/responses", { input: "x" }, "model is required"],
    ["/v1/responses", { ...SMALLEST["/v1/responses"], stream: [] }, "stream must be a boolean"],
    ["/v1/embeddings", { model: ["m"] }, "model must be a string"],
  ] as const)("%s %j: %s", async (route, body, problem) => {
    expect(await refusal(route, body)).toEqual([400, problem]);
  });

  const said = (...messages: object[]) => ({ messages: [{ role: "user", content: "x" }, ...messages] });
  const call = { id: "a1", type: "function", function: { name: "f", arguments: "{}" } };
  const calling = (...calls: object[]) =>
    said({ role: "assistant", tool_calls: calls }, { role: "tool", tool_call_id: "a1", content: "y" });
  test.each([
    ["/v1/chat/completions", {}],
    ["/v1/chat/completions", { messages: [] }],
    ["/v1/chat/completions", { messages: "x" }],
    ["/v1/chat/completions", { messages: ["x", null, 5] }],
    ["/v1/chat/completions", calling({ id: "a1", function: { name: "f", arguments: "{}" } })],
    ["/v1/chat/completions", calling({ ...call, function: { name: "f", arguments: { a: 1.0 } } })],
    ["/v1/chat/completions", calling({ type: "function", function: { name: "f", arguments: "{}" } })],
    ["/v1/chat/completions", calling({ ...call, id: null })],
    ["/v1/chat/completions", calling({ ...call, function: {} })],
    ["/v1/chat/completions", said({ role: "assistant", content: null, reasoning_content: "r" })],
    ["/v1/chat/completions", said({ role: "assistant", content: null, tool_calls: [] })],
    ["/v1/chat/completions", said({ role: "assistant" })],
    ["/v1/chat/completions", said({ role: "tool", tool_call_id: "a1", content: null })],
    ["/v1/chat/completions", said({ role: "tool", name: "f", content: "y" })],
    ["/v1/chat/completions", said({ role: "latest_reminder", content: "y" })],
    ["/v1/chat/completions", said({ role: "robot", content: 7 })],
    ["/v1/chat/completions", said({ content: { text: "y" } })],
    ["/v1/chat/completions", said({ role: "user", content: [{ type: "text" }, "y", { text: "z" }, { type: 1 }] })],
    [
      "/v1/chat/completions",
      said({ role: "assistant", content: "y", reasoning_content: [{ type: "text", text: "r" }] }),
    ],
    ["/v1/chat/completions", { ...said(), tools: [{ google_search: {} }] }],
    ["/v1/chat/completions", { ...said(), tools: [{ type: "function", function: {} }], tool_choice: 1 }],
    ["/v1/chat/completions", { ...said(), tools: { a: 1 }, functions: "x" }],
    ["/v1/chat/completions", { ...said(), top_logprobs: 50, temperature: 3, user: 42 }],
    ["/v1/chat/completions", { ...said(), top_logprobs: -1, max_tokens: 0, n: 0, top_p: 7, seed: 1.5 }],
    [
      "/v1/chat/completions",
      { ...said(), max_tokens: "10", stop: 1, logit_bias: [], metadata: "x", response_format: {} },
    ],
    ["/v1/chat/completions", { ...said(), stream: null, stream_options: "x" }],
    ["/v1/messages", { ...said(), max_tokens: 0 }],
    ["/v1/messages", { max_tokens: null, system: 5, tools: {}, thinking: "x" }],
    ["/v1/messages/count_tokens", {}],
    ["/v1/responses", { input: 7, temperature: 3, max_output_tokens: 0, store: "x" }],
    ["/v1/responses", { input: ["x"], tools: "x", previous_response_id: 5 }],
    ["/v1/embeddings", {}],
    ["/v1/embeddings", { input: [{ text: "a" }], dimensions: 0, user: 1 }],
    ["/v1/embeddings", { input: [], stream: "x" }],
  ] as const)("%s %j is sent", async (route, members) => {
    const provider = route.startsWith("/v1/messages") ? "anthropic" : "openai";
    const body = JSON.stringify({ ...members, model: `${provider}/m` }).replace(
      /\}$/,
      ' , "big":12345678901234567890.10 }',
    );
    expect((await started.post(route, body)).status).toBe(200);
    expect(bodyText(started.takeCall())).toBe(body.replace(`${provider}/m`, "m"));
  });
});

describe("with VALIDATION=strict, a request that is wrong in a known field is 400 with the field's path", () => {
  let strict: StartedGateway;
  beforeAll(async () => {
    strict = await startBesideProvider((url) => ({ ...threeProviders(url), VALIDATION: "strict" }));
  });
  afterAll(() => strict[Symbol.asyncDispose]());

  const message = (value: object) => ({ model: "openai/m", messages: [{ role: "user", content: "x" }, value] });
  test.each([
    ["/v1/chat/completions", {}, "model"],
    ["/v1/chat/completions", { ...CHAT, model: "" }, "model"],
    ["/v1/chat/completions", { ...CHAT, model: 7 }, "model"],
    ["/v1/chat/completions", { ...CHAT, messages: [] }, "messages"],
    ["/v1/chat/completions", { ...CHAT, messages: "x" }, "messages"],
    ["/v1/chat/completions", message({ role: "robot", content: "x" }), "messages[1].role"],
    ["/v1/chat/completions", message({ role: "user", content: 7 }), "messages[1].content"],
    ["/v1/chat/completions", message({ role: "user", content: [{ type: "text" }] }), "messages[1].content[0].text"],
    ["/v1/chat/completions", { ...CHAT, temperature: 2.1 }, "temperature"],
    ["/v1/chat/completions", { ...CHAT, max_tokens: 0 }, "max_tokens"],
    ["/v1/chat/completions", { ...CHAT, max_tokens: 1.5 }, "max_tokens"],
    ["/v1/chat/completions", { ...CHAT, stream: "yes" }, "stream"],
    ["/v1/chat/completions", { ...CHAT, tools: [{ type: "function", function: {} }] }, "tools[0].function.name"],
    ["/v1/messages", { ...SMALLEST["/v1/messages"], max_tokens: undefined }, "max_tokens"],
    ["/v1/messages", { ...SMALLEST["/v1/messages"], messages: [{ role: "user" }] }, "messages[0].content"],
    ["/v1/messages/count_tokens", { model: "anthropic/m" }, "messages"],
    ["/v1/responses", { model: "openai/m", input: 7 }, "input"],
    ["/v1/responses", { input: "x" }, "model"],
    ["/v1/embeddings", { model: "openai/m" }, "input"],
    ["/v1/embeddings", { model: "openai/m", input: [] }, "input"],
  ] as const)("%s %j: %s", async (route, body, path) => {
    const [status, error] = await refusal(route, body, {}, strict);
    expect(status).toBe(400);
    expect(error).toStartWith(path);
  });

  test("one that is right is sent", async () => {
    for (const route of POST_ROUTES) expect((await strict.post(route, SMALLEST[route])).status).toBe(200);
    expect(strict.takeCalls()).toHaveLength(POST_ROUTES.length);
  });

  test("the path stands in `param`, and nothing of the value is repeated", async () => {
    const response = await started.post("/v1/chat/completions", { ...CHAT, stream: "marker" });
    const text = await response.text();
    expect(JSON.parse(text)).toMatchObject({ type: "invalid_request_error", code: "invalid_request", param: "stream" });
    expect(text).not.toContain("marker");
  });
});

describe("a body that cannot be read is 400, on every route", () => {
  test.each(POST_ROUTES)("%s", async (route) => {
    expect(await refusal(route, "")).toEqual([400, "Failed to decode request: the body is empty"]);
    expect(await refusal(route, "[]")).toEqual([400, "Failed to decode request: the body must be a JSON object"]);
    expect(await refusal(route, '{"model": "x",\n  "marker": nope}')).toEqual([
      400,
      expect.stringMatching(/^Failed to decode request: the body is not valid JSON: .* at line 2, column 13$/),
    ]);
    const invalid = new Uint8Array(Buffer.concat([Buffer.from('{"model":"'), Uint8Array.of(0xc3, 0x28)]));
    expect(await refusal(route, invalid)).toEqual([400, "Failed to decode request: the body is not valid UTF-8"]);
  });

  test.each(POST_ROUTES)("%s: a byte order mark before it is taken, and not sent", async (route) => {
    const body = JSON.stringify(SMALLEST[route]);
    for (const [sent, headers] of [
      [`\ufeff${body}`, {}],
      [new Uint8Array(gzipSync(`\ufeff${body}`)), { "content-encoding": "gzip" }],
    ] as const) {
      expect((await started.post(route, sent, headers)).status).toBe(200);
      expect(bodyText(started.takeCall())).toBe(body.replace(/(openai|anthropic)\//, ""));
    }
    expect(await refusal(route, "\ufeff")).toEqual([400, "Failed to decode request: the body is empty"]);
    expect((await refusal(route, `\ufeff\ufeff${body}`))[1]).toContain("byte order mark");
  });

  test("a stream that was asked for makes no difference: the error is JSON", async () => {
    const response = await started.post("/v1/chat/completions", '{"stream":true,', { accept: "text/event-stream" });
    expect([response.status, response.headers.get("content-type")]).toEqual([400, "application/json"]);
  });
});

describe("encodings", () => {
  const BODY = JSON.stringify(CHAT);
  const SENT = BODY.replace("openai/", "");
  const ENCODERS = {
    gzip: gzipSync,
    "x-gzip": gzipSync,
    deflate: deflateSync,
    br: brotliCompressSync,
    zstd: zstdCompressSync,
  };
  const NAMES = Object.keys(ENCODERS) as (keyof typeof ENCODERS)[];

  test.each(NAMES)("%s is undone, and the provider gets plain bytes", async (name) => {
    for (const spelling of [name, name.toUpperCase(), ` ${name} `]) {
      const response = await started.post("/v1/chat/completions", new Uint8Array(ENCODERS[name](BODY)), {
        "content-encoding": spelling,
      });
      expect(response.status).toBe(200);
      const call = started.takeCall();
      expect([bodyText(call), call.header("content-encoding")]).toEqual([SENT, undefined]);
    }
  });

  test.each(NAMES)("%s: a bomb is 413, and what is not %s is 400", async (name) => {
    const bomb = new Uint8Array(ENCODERS[name](Buffer.alloc(50 * 1024 * 1024, " ")));
    expect(bomb.length).toBeLessThan(LIMIT);
    const headers = { "content-encoding": name };
    expect(await refusal("/v1/chat/completions", bomb, headers)).toEqual([413, "Request body too large"]);
    expect(await refusal("/v1/chat/completions", BODY, headers)).toEqual([
      400,
      `Failed to decode request: the body is not valid ${name}`,
    ]);
    const cut = new Uint8Array(ENCODERS[name](BODY)).slice(0, 20);
    expect((await refusal("/v1/chat/completions", cut, headers))[0]).toBe(400);
  });

  test.each(["identity", "none", "utf-8", "UTF8", "us-ascii", "8bit", "identity, identity", "None", " "])(
    "%j is no encoding",
    async (name) => {
      const response = await started.post("/v1/chat/completions", BODY, { "content-encoding": name });
      expect(response.status).toBe(200);
      const call = started.takeCall();
      expect([bodyText(call), call.header("content-encoding")]).toEqual([SENT, undefined]);
    },
  );

  test("beside another it counts for nothing; what is not known, or stacked, is 415", async () => {
    for (const name of ["identity, gzip", "gzip,utf-8"]) {
      const response = await started.post("/v1/chat/completions", new Uint8Array(gzipSync(BODY)), {
        "content-encoding": name,
      });
      expect(response.status).toBe(200);
      expect(bodyText(started.takeCall())).toBe(SENT);
    }
    for (const name of ["compress", "gzip, gzip", "constructor"]) {
      const [status] = await refusal("/v1/chat/completions", BODY, { "content-encoding": name });
      expect([name, status]).toEqual([name, 415]);
    }
  });

  test("the refusal of one names all that are accepted", async () => {
    const response = await started.post("/v1/chat/completions", BODY, { "content-encoding": "lzma" });
    expect(response.headers.get("accept-encoding")).toBe(NAMES.join(", "));
    expect(await response.json()).toMatchObject({
      error: "Unsupported Content-Encoding: send the body as it is, or with one of gzip, x-gzip, deflate, br or zstd",
    });
  });
});

describe("size", () => {
  const filled = (length: number): string => {
    const empty = JSON.stringify({ ...CHAT, messages: [{ role: "user", content: "" }] });
    return empty.replace('"content":""', `"content":"${"x".repeat(length - empty.length)}"`);
  };

  test("the limit itself passes, one byte more is 413", async () => {
    expect((await started.post("/v1/chat/completions", filled(LIMIT))).status).toBe(200);
    started.takeCalls();
    expect(await refusal("/v1/chat/completions", filled(LIMIT + 1))).toEqual([413, "Request body too large"]);
    expect(await refusal("/v1/messages", filled(LIMIT + 1))).toEqual([413, "Request body too large"]);
  });

  /** Asks for health on the same connection, or finds it closed: either is clean, and nothing else is. */
  async function expectCleanEnd(client: RawClient): Promise<void> {
    await client.request("GET", "/health");
    const next = await client.head().catch(() => undefined);
    if (next) expect(next.status).toBe(200);
    else expect((await client.untilClosed()).by).toBe("peer");
  }

  test.each([
    ["a little", LIMIT + 1],
    ["far", 20_000_000],
  ])("%s over the limit by Content-Length is 413 in JSON, whether the body is sent or not", async (_, length) => {
    for (const route of POST_ROUTES) {
      await using client = await openRawClient(started.gateway.port);
      await client.send(`POST ${route} HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${length}\r\n\r\n`);
      expect((await client.head()).status).toBe(413);
      expect((await client.body()).text).toContain("Request body too large");
    }
    await using sending = await openRawClient(started.gateway.port);
    const head = `POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${length}\r\n\r\n`;
    const sent = sending.send(Buffer.concat([Buffer.from(head), Buffer.alloc(length, "x")]));
    expect((await sending.head()).status).toBe(413);
    expect(JSON.parse((await sending.body()).text)).toMatchObject({ code: "body_too_large" });
    await sent;
    await expectCleanEnd(sending);
    expect(started.takeCalls()).toEqual([]);
  });

  test.each([
    ["a little", 2],
    ["far", 300],
  ])("%s over the limit by chunks is 413 in JSON", async (_, chunks) => {
    await using client = await openRawClient(started.gateway.port);
    await client.send("POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n");
    const piece = Buffer.concat([Buffer.from("ffff\r\n"), Buffer.alloc(0xffff, "x"), Buffer.from("\r\n")]);
    const sent = client.send(Buffer.concat([...Array.from({ length: chunks }, () => piece), Buffer.from("0\r\n\r\n")]));
    expect((await client.head()).status).toBe(413);
    expect(JSON.parse((await client.body()).text)).toMatchObject({ error: "Request body too large" });
    await sent;
    await expectCleanEnd(client);
    expect(started.takeCalls()).toEqual([]);
  });

  test("the gateway goes on serving others while and after it refuses", async () => {
    expect((await started.post("/v1/chat/completions", CHAT)).status).toBe(200);
  });
});
