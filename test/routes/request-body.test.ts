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
async function refusal(route: PostRoute, body: unknown, headers: Record<string, string> = {}) {
  const response = await started.post(route, body, headers);
  expect(response.headers.get("content-type")).toBe("application/json");
  expect(started.takeCalls()).toEqual([]);
  const { error } = (await response.json()) as { error: string | { message: string } };
  return [response.status, typeof error === "string" ? error : error.message];
}

describe("a request that is wrong in a known field is 400 with the field's path", () => {
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
    const [status, error] = await refusal(route, body);
    expect(status).toBe(400);
    expect(error).toStartWith(path);
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
    expect(await refusal(route, "\ufeff{}")).toEqual([
      400,
      "Failed to decode request: the body begins with a byte order mark, which JSON does not allow",
    ]);
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

  test("identity is no encoding; what is not known, or stacked, is 415", async () => {
    expect((await started.post("/v1/chat/completions", BODY, { "content-encoding": "identity" })).status).toBe(200);
    started.takeCalls();
    for (const name of ["compress", "gzip, gzip", "constructor"]) {
      const [status] = await refusal("/v1/chat/completions", BODY, { "content-encoding": name });
      expect([name, status]).toEqual([name, 415]);
    }
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
