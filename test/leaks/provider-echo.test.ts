import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import { json } from "../fixtures/answers.ts";
import { chunk, end, head } from "../fixtures/script.ts";
import { POST_ROUTES, SMALLEST } from "../routes/requests.ts";
import { type StartedGateway, startBesideProvider, threeProviders } from "../routes/started-gateway.ts";
import { SPELLING_NAMES, SPELLINGS } from "./spellings.ts";

const KEY = 'sk-"proj"/a+b=c\\d&e';
const LEAK = /proj|a\+b=c/;

let started: StartedGateway;

beforeAll(async () => {
  started = await startBesideProvider((url) => ({
    ...threeProviders(url),
    OPENAI_API_KEY: KEY,
    ANTHROPIC_API_KEY: KEY,
  }));
});
beforeEach(() => {
  started.takeCalls();
});
afterAll(async () => {
  expect(started.gateway.output().stdout).not.toMatch(LEAK);
  expect(started.gateway.output().stderr).toBe("");
  await started[Symbol.asyncDispose]();
});

const ENCODERS: Readonly<Record<string, (text: string) => Uint8Array>> = {
  gzip: gzipSync,
  deflate: deflateSync,
  br: brotliCompressSync,
  zstd: zstdCompressSync,
};

/** Encodings in which there are zeros between the characters of ASCII, so that no search for their bytes finds them. */
const WIDE: Readonly<Record<string, (text: string) => Buffer>> = {
  "UTF-16": (text) => Buffer.from(text, "utf16le"),
  "UTF-16 with a mark": (text) => Buffer.from(`\ufeff${text}`, "utf16le"),
  "UTF-16, the high byte first": (text) => Buffer.from(text, "utf16le").swap16(),
  "UTF-32": (text) => Buffer.from(Uint32Array.from(text, (character) => character.codePointAt(0) ?? 0).buffer),
};

const headersOf = (response: Response): string => JSON.stringify([...response.headers]);

describe("an error that repeats the key", () => {
  test.each(SPELLING_NAMES)("%s reaches no client of /v1", async (name) => {
    const body = `{"error":{"message":"Incorrect API key provided: ${SPELLINGS["in JSON"](SPELLINGS[name](KEY))}."}}`;
    for (const route of POST_ROUTES) {
      started.answerWith(json(401, body));
      const response = await started.post(route, SMALLEST[route]);
      const text = await response.text();
      expect([response.status, text]).toEqual([401, expect.stringContaining("Incorrect API key provided: ***.")]);
      expect(text).not.toMatch(LEAK);
    }
  });

  test.each(SPELLING_NAMES)("%s reaches no client of /v1 as an event of a stream either", async (name) => {
    const message = `Incorrect API key provided: ${SPELLINGS["in JSON"](SPELLINGS[name](KEY))}.`;
    const event = `event: error\ndata: {"type":"error","error":{"message":"${message}"}}\n\n`;
    const type = { "content-type": "text/event-stream", "transfer-encoding": "chunked" };
    for (const route of ["/v1/chat/completions", "/v1/messages", "/v1/responses"] as const) {
      started.answerWith([
        head(200, type),
        chunk(": hi\n\n"),
        chunk(event.slice(0, 40)),
        chunk(event.slice(40)),
        end(),
      ]);
      const response = await started.post(route, { ...SMALLEST[route], stream: true });
      const text = await response.text();
      expect([response.status, text]).toEqual([200, expect.stringContaining("Incorrect API key provided: ***.")]);
      expect(text).not.toMatch(LEAK);
    }
  });

  test.each(SPELLING_NAMES)("%s passes through /proxy with all its other bytes", async (name) => {
    const write = (key: string) => `{ "error": {"n": 1.0, "message":"\\u00e9 é ${key}", "key" : "${key}"}}\n`;
    for (const framing of ["length", "chunks"]) {
      const bytes = Buffer.from(write(SPELLINGS[name](KEY)));
      const type = { "content-type": "application/problem+json" };
      started.answerWith(
        framing === "length"
          ? json(403, bytes, [["x-ratelimit-kept", "1"]])
          : [
              head(403, { ...type, "transfer-encoding": "chunked", "x-ratelimit-kept": "1" }),
              chunk(bytes.subarray(0, 40)),
              chunk(bytes.subarray(40)),
              end(),
            ],
      );
      const response = await started.post("/proxy/openai/x", "{}");
      expect([response.status, await response.text()]).toEqual([403, write("***")]);
      expect(response.headers.get("x-ratelimit-kept")).toBe("1");
      expect(response.headers.get("content-length")).toBe(String(Buffer.byteLength(write("***"))));
    }
  });

  describe.each(Object.entries(WIDE))("in %s", (_, encode) => {
    const write = (key: string) => `{"error":{"message":"é, the key ${key} is wrong"}}`;

    test.each(SPELLING_NAMES)("%s passes through /proxy with all its other bytes", async (name) => {
      for (const at of [9, 60, 61, 62, 63]) {
        const bytes = encode(write(SPELLINGS[name](KEY)));
        const chunks = { "content-type": "text/plain", "transfer-encoding": "chunked" };
        started.answerWith([head(403, chunks), chunk(bytes.subarray(0, at)), chunk(bytes.subarray(at)), end()]);
        const response = await started.post("/proxy/openai/x", "{}");
        expect(Buffer.from(await response.bytes()).toString("latin1")).toBe(encode(write("***")).toString("latin1"));
      }
    });

    test("reaches no client of /v1, nor as an event of a stream", async () => {
      const event = `event: error\ndata: ${write(SPELLINGS["in JSON"](KEY))}\n\n`;
      const type = { "content-type": "text/event-stream", "transfer-encoding": "chunked" };
      const bytes = encode(event);
      for (const answer of [
        json(401, encode(write(KEY))),
        [head(200, type), chunk(": hi\n\n"), chunk(bytes.subarray(0, 41)), chunk(bytes.subarray(41)), end()],
        [
          head(200, type),
          chunk(": hi\n\n"),
          chunk(`event: error\ndata: {"error":"`),
          chunk(encode(KEY)),
          chunk('"}\n\n'),
          end(),
        ],
      ]) {
        for (const route of ["/v1/chat/completions", "/v1/messages", "/v1/responses"] as const) {
          started.answerWith(answer);
          const response = await started.post(route, { ...SMALLEST[route], stream: true });
          const text = (await response.text()).replaceAll("\0", "");
          expect(text).toContain("***");
          expect(text).not.toMatch(LEAK);
        }
      }
    });
  });

  test("in bytes that are no text passes with them", async () => {
    const bytes = Buffer.concat([Buffer.from([0xff, 0xfe, 0x00, 0x80]), Buffer.from(KEY), Buffer.from([0xc3, 0x28])]);
    started.answerWith(json(500, bytes));
    const response = await started.send("GET", "/proxy/openai/x");
    const expected = Buffer.concat([
      Buffer.from([0xff, 0xfe, 0x00, 0x80]),
      Buffer.from("***"),
      Buffer.from([0xc3, 0x28]),
    ]);
    expect(Buffer.compare(await response.bytes(), expected)).toBe(0);
  });

  test.each(Object.entries(ENCODERS))(
    "compressed by %s reaches no client, of whatever size",
    async (encoding, encode) => {
      for (const filler of ["", "<tr><td>x</td></tr>".repeat(100_000)]) {
        const write = (key: string) => `{"error":"${key}${filler}${key}"}`;
        const zipped = new Uint8Array(encode(write(SPELLINGS["in JSON"](KEY))));
        for (const status of [307, 401]) {
          started.answerWith(
            json(status, zipped, { "content-encoding": encoding, vary: "accept-encoding", "content-md5": "x" }),
          );
          const response = await fetch(`${started.gateway.url}/proxy/openai/x`, {
            decompress: false,
            redirect: "manual",
          });
          const { headers } = response;
          expect([response.status, headers.get("content-encoding"), headers.get("content-md5")]).toEqual([
            status,
            null,
            null,
          ]);
          expect((await response.text()) === write("***")).toBe(true);
          if (filler === "") expect(headers.get("content-length")).toBe(String(write("***").length));
        }
      }
    },
  );

  test("that is not what its Content-Encoding says is withheld", async () => {
    const zipped = new Uint8Array(gzipSync(`{"error":"${KEY}"}`));
    for (const bytes of [zipped.subarray(0, -9), Buffer.from(`{"error":"${KEY}"}`)]) {
      started.answerWith(json(401, bytes, { "content-encoding": "gzip" }));
      const response = await fetch(`${started.gateway.url}/proxy/openai/x`, { decompress: false });
      expect([response.status, await response.json()]).toEqual([
        502,
        expect.objectContaining({ code: "upstream_invalid_response" }),
      ]);
    }
  });

  test.each(["utf-8", "none", "identity", ""])(
    "with the coding %j, which is none, is searched as it is",
    async (encoding) => {
      started.answerWith(json(401, `{"error":"${SPELLINGS["in JSON"](KEY)}"}`, { "content-encoding": encoding }));
      const response = await fetch(`${started.gateway.url}/proxy/openai/x`, { decompress: false });
      expect([response.status, await response.text()]).toEqual([401, '{"error":"***"}']);
    },
  );

  test.each(["gzip", "br"])("without a body stays without one, %s or not", async (encoding) => {
    started.answerWith(json(401, "", { "content-encoding": encoding }));
    const response = await fetch(`${started.gateway.url}/proxy/openai/x`, { decompress: false });
    expect([response.status, await response.text()]).toEqual([401, ""]);
  });

  test("in a page of a framework, as long as these are", async () => {
    const filler = "<tr><td>x</td></tr>".repeat(10_000);
    started.answerWith(json(500, `<html>${filler}<td>Bearer ${SPELLINGS["in HTML"](KEY)}</td></html>`));
    const response = await started.send("GET", "/proxy/openai/x");
    expect(await response.text()).toBe(`<html>${filler}<td>Bearer ***</td></html>`);
  });

  test("in its headers reaches no client", async () => {
    const encoded = encodeURIComponent(KEY);
    const headers = {
      "retry-after": KEY,
      "x-request-id": `req-${encoded}`,
      "x-ratelimit-key": KEY,
      "x-debug": `Bearer ${KEY}`,
      location: `https://login.example/?key=${encoded}`,
    };
    for (const status of [200, 302, 401, 429, 500]) {
      for (const target of ["/v1/chat/completions", "/proxy/openai/x"] as const) {
        started.answerWith(json(status, '{"a":1}', headers));
        const response = await started.post(target, SMALLEST["/v1/chat/completions"]);
        // What is no error of the provider's is trusted, where only allow-listed headers of it pass.
        if (status === 200 && target === "/v1/chat/completions") continue;
        expect(headersOf(response)).not.toMatch(LEAK);
        if (target === "/proxy/openai/x") {
          expect(response.headers.get("location")).toBe("https://login.example/?key=***");
          expect(response.headers.get("x-upstream-request-id")).toBe("req-***");
        }
      }
    }
  });
});

describe("what is no error", () => {
  test("passes with every byte, and as it comes", async () => {
    const body = `{"text":"${SPELLINGS["in JSON"](KEY)}"}`;
    started.answerWith(json(200, body));
    expect(await (await started.send("GET", "/proxy/openai/x")).text()).toBe(body);
  });

  test("an error that repeats nothing streams on, however long", async () => {
    const long = "x".repeat(600_000);
    for (const framing of [{ "content-length": "600000" }, { "transfer-encoding": "chunked" }]) {
      started.answerWith([head(500, { "content-type": "text/plain", ...framing }), chunk(long), end()]);
      const response = await started.send("GET", "/proxy/openai/x");
      expect([response.status, (await response.text()) === long]).toEqual([500, true]);
    }
  });
});
