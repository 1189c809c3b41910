import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { openRawClient } from "../fixtures/raw-http-client.ts";
import { type StartedGateway, startBesideProvider, threeProviders } from "../routes/started-gateway.ts";

// Where the machine is busy, a gateway takes long to start.

let started: StartedGateway;
beforeAll(async () => {
  started = await startBesideProvider((url) => ({
    ...threeProviders(url),
    AUTH_ENABLED: "true",
    AUTH_API_KEYS: TOKEN,
  }));
});
beforeEach(() => {
  started.takeCalls();
});
afterAll(() => started[Symbol.asyncDispose]());

const KIB = 1024;
const TOKEN = "good-key-0123456789";
const GOOD = `Host: localhost\r\nAuthorization: Bearer ${TOKEN}\r\n`;

/** The answer to a head, and whether the gateway closed the connection behind it. */
async function answerTo(head: string): Promise<{ status: number; body: string; closed: boolean; retained: boolean }> {
  await using client = await openRawClient(started.gateway.port);
  await client.send(head);
  const { status } = await client.head();
  const { text } = status === 431 ? { text: "" } : await client.body();
  // A connection that is still good answers another request.
  await client.send(`GET /health HTTP/1.1\r\n${GOOD}\r\n`);
  const next = await client.head().catch(() => undefined);
  return { status, body: text, closed: next === undefined, retained: next?.status === 200 };
}

const get = (target: string, fields = ""): string => `GET ${target} HTTP/1.1\r\n${GOOD}${fields}\r\n`;

describe("a URL", () => {
  const ORIGIN_BYTES = "http://localhost".length;
  const targetOf = (length: number, start = "/proxy/openai/"): string =>
    start + "a".repeat(length - ORIGIN_BYTES - start.length);

  test("may have 16 KiB", async () => {
    const target = targetOf(16 * KIB);
    expect(await answerTo(get(target))).toMatchObject({ status: 200, retained: true });
    expect(started.takeCall().target).toBe(target.replace("/proxy/openai/", "/v1/"));
  });

  test.each(["/proxy/openai/", "/v1/models?", "/v1/models/", "/nowhere/", "/health?"])(
    "that begins with %s and is longer is 414, in the shape of every error",
    async (start) => {
      const { status, body, retained } = await answerTo(get(targetOf(16 * KIB + 1, start)));
      expect([status, retained]).toEqual([414, true]);
      expect(JSON.parse(body)).toMatchObject({ error: "The URL is too long", code: "url_too_long" });
      expect(started.takeCalls()).toEqual([]);
    },
  );

  test("of the Messages API says so in Anthropic's", async () => {
    const { status, body } = await answerTo(get(targetOf(16 * KIB + 1, "/v1/messages?")));
    expect([status, JSON.parse(body)]).toMatchObject([
      414,
      { type: "error", error: { type: "invalid_request_error", message: "The URL is too long" } },
    ]);
  });
});

describe("a head", () => {
  const REST = `GET /nowhere HTTP/1.1\r\n${GOOD}X: \r\n\r\n`.length;

  test("may have almost 32 KiB", async () => {
    expect(await answerTo(get("/nowhere", `X: ${"a".repeat(32 * KIB - REST - 64)}\r\n`))).toMatchObject({
      status: 404,
      retained: true,
    });
  });

  test.each([
    ["in one field", get("/nowhere", `X: ${"a".repeat(32 * KIB)}\r\n`)],
    ["in many fields", get("/nowhere", `X: ${"a".repeat(KIB)}\r\n`.repeat(33))],
    ["in its URL", get(`/${"a".repeat(32 * KIB)}`)],
    ["in the name of a field", get("/nowhere", `${"a".repeat(32 * KIB)}: x\r\n`)],
    ["without an end", `GET /nowhere HTTP/1.1\r\n${GOOD}X: ${"a".repeat(64 * KIB)}`],
  ])("with more %s is 431 without a body, and its connection is closed", async (_, head) => {
    expect(await answerTo(head)).toMatchObject({ status: 431, closed: true });
    expect(started.takeCalls()).toEqual([]);
  });

  const fields = (count: number): string => Array.from({ length: count }, (_, index) => `X-${index}: a\r\n`).join("");

  test("may have 198 fields; with one more it is 431 too", async () => {
    expect(await answerTo(get("/nowhere", fields(196)))).toMatchObject({ status: 404, retained: true });
    expect(await answerTo(get("/nowhere", fields(197)))).toMatchObject({ status: 431, closed: true });
  });
});

test.each(["PROPFIND", "TRACE", "CONNECT", "FOO", "get", "Get", "constructor", "__proto__"])(
  "the method %s, which no route takes, is 405",
  async (method) => {
    expect(await answerTo(`${method} /v1/models HTTP/1.1\r\n${GOOD}\r\n`)).toMatchObject({
      status: 405,
      retained: true,
    });
  },
);
