import { describe, expect, test } from "bun:test";
import { gzipSync, brotliCompressSync, deflateSync, zstdCompressSync } from "node:zlib";
import { decodeResponse } from "../../src/upstream/decode-response.ts";
import { bodyOfBytes } from "../../src/upstream/body.ts";
import type { MockProvider } from "../fixtures/mock-provider.ts";
import { rejectionOf } from "../fixtures/rejection.ts";
import { chunk, close, end, head, raw, stall, wait } from "../fixtures/script.ts";
import { createGate } from "../fixtures/gate.ts";
import { openForEachTest, readAnswer, type TransportWithProvider } from "./http1/open-transport.ts";

const TEXT = JSON.stringify({ text: "Grüße ".repeat(20_000) });
const CHUNKED = { "transfer-encoding": "chunked" };

let provider: MockProvider;
let transport: TransportWithProvider;
openForEachTest((opened) => {
  transport = opened;
  provider = opened.provider;
});

/** Answers with these bytes under that name, in one piece or as many. */
function answer(encoding: string, bytes: Uint8Array, isCut = false): void {
  const headers = { "content-encoding": encoding, "x-other": "kept" };
  if (!isCut) {
    return provider.answer([head(200, { ...headers, "content-length": String(bytes.length) }), chunk(bytes), end()]);
  }
  const pieces = Array.from({ length: 7 }, (_, index) =>
    bytes.subarray((index * bytes.length) / 7, ((index + 1) * bytes.length) / 7),
  );
  provider.answer([head(200, { ...headers, ...CHUNKED }), ...pieces.map(chunk), end()]);
}

describe("a body that is encoded", () => {
  test.each([
    ["gzip", gzipSync(TEXT)],
    ["x-gzip", gzipSync(TEXT)],
    [" GZip ", gzipSync(TEXT)],
    ["deflate", deflateSync(TEXT)],
    ["br", brotliCompressSync(TEXT)],
    ["zstd", zstdCompressSync(TEXT)],
  ])("with %s is decoded, however it comes, and the headers do not tell of it", async (encoding, bytes) => {
    for (const isCut of [false, true]) {
      answer(encoding, bytes, isCut);
      const { text, headers } = await transport.ask();
      expect(text).toBe(TEXT);
      const names: string[] = [];
      headers.forEach((_, name) => names.push(name));
      for (const name of ["content-encoding", "content-length"]) {
        expect(headers.get(name)).toBeNull();
        expect(names).not.toContain(name);
        expect([...headers].some(([field]) => field === name)).toBe(false);
      }
      expect(headers.get("x-other")).toBe("kept");
    }
    expect(provider.connections).toBe(1);
  });

  test("is left as it is if that is asked for", async () => {
    const bytes = gzipSync(TEXT);
    answer("gzip", bytes);
    const { headers, body } = await transport.send({ keepEncoding: true }).response;
    expect(headers.get("content-encoding")).toBe("gzip");
    expect(headers.get("content-length")).toBe(String(bytes.length));
    expect(body).not.toBeNull();
    body?.cancel();
  });

  test.each(["identity", "", " "])("with %j is not", async (encoding) => {
    answer(encoding, Buffer.from("{}"));
    expect((await transport.ask()).text).toBe("{}");
  });

  test("of an answer that has none is none", async () => {
    provider.answer([head(304, { "content-encoding": "gzip" }), end()]);
    expect(await transport.ask()).toMatchObject({ status: 304, text: "" });
  });

  test.each(["rot13", "gzip, br", "constructor", "__proto__"])(
    "with %j, which nobody knows, is refused and let go of",
    async (encoding) => {
      provider.answer([head(200, { ...CHUNKED, "content-encoding": encoding }), chunk("x"), stall()]);
      expect(await rejectionOf(transport.ask())).toMatchObject({ code: "HTTP_UNKNOWN_ENCODING" });
      await provider.connectionClosed(1);
    },
  );
});

describe("is an error:", () => {
  test("garbage, and the server is let go of", async () => {
    provider.answer([head(200, { ...CHUNKED, "content-encoding": "gzip" }), chunk("this is no gzip at all"), stall()]);
    expect(await rejectionOf(transport.ask())).toMatchObject({ code: "HTTP_INVALID_ENCODING" });
    await provider.connectionClosed(1);
  });

  test("garbage amid the body", async () => {
    const bytes = gzipSync(crypto.getRandomValues(new Uint8Array(60_000)));
    bytes.fill(0xff, 30_000, 40_000);
    answer("gzip", bytes);
    expect(await rejectionOf(transport.ask())).toMatchObject({ code: "HTTP_INVALID_ENCODING" });
  });

  test("a body that ends before its encoding does", async () => {
    answer("gzip", gzipSync(TEXT).subarray(0, -20));
    expect(await rejectionOf(transport.ask())).toMatchObject({ code: "HTTP_INVALID_ENCODING" });
  });

  test("a connection that breaks off, as that", async () => {
    const bytes = gzipSync(TEXT);
    provider.answer([head(200, { ...CHUNKED, "content-encoding": "gzip" }), chunk(bytes.subarray(0, 50)), close()]);
    expect(await rejectionOf(transport.ask())).toMatchObject({ code: "ECONNRESET" });
  });

  test("an abort, as its reason", async () => {
    const bytes = gzipSync(TEXT);
    const gate = createGate();
    provider.answer([head(200, { ...CHUNKED, "content-encoding": "gzip" }), chunk(bytes.subarray(0, 50)), wait(gate)]);
    const sending = transport.send();
    const answered = await sending.response;
    const read = readAnswer(answered).catch((error: unknown) => error);
    const reason = Object.assign(new Error("given up"), { code: "x" });
    sending.abort(reason);
    expect(await read).toBe(reason);
    await provider.connectionClosed(1);
  });
});

test("a long body that nobody takes is held back, also if much of it comes with the header", async () => {
  provider.answer([
    raw("HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\nconnection: close\r\n\r\n"),
    ...endlessGzip(),
    stall(),
  ]);
  const { body } = await transport.send().response;
  expect(await provider.heldBack(1, { quiet: 100 })).toBeLessThan(24 * 1024 * 1024);
  body?.cancel();
  await provider.connectionClosed(1);
});

/** What cannot be made shorter, so that much of it has to come. */
function endlessGzip() {
  const stored = gzipSync(crypto.getRandomValues(new Uint8Array(65_536)), { level: 0 });
  return Array.from({ length: 700 }, () => raw(stored));
}

test("a body of bytes that are all there is decoded too", async () => {
  const whole = {
    status: 200,
    headers: new Headers({ "content-encoding": "gzip" }),
    body: bodyOfBytes(gzipSync(TEXT)),
  };
  const decoded = decodeResponse(whole);
  expect(decoded.body?.whole).toBeUndefined();
  expect((await readAnswer(decoded)).text).toBe(TEXT);
});
