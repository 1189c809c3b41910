import { describe, expect, test } from "bun:test";
import { toUpstreamFailure } from "../../../src/upstream/errors.ts";
import type { MockProvider } from "../../fixtures/mock-provider.ts";
import { chunk, close, end, flood, head, raw, reset, type Step } from "../../fixtures/script.ts";
import { openForEachTest, type TransportWithProvider } from "./open-transport.ts";

const MIB = 1024 * 1024;

let provider: MockProvider;
let transport: TransportWithProvider;
openForEachTest((opened) => {
  transport = opened;
  provider = opened.provider;
});

const LENGTH = { "content-length": "9" };
const CHUNKED = { "transfer-encoding": "chunked" };

describe("an answer that breaks off", () => {
  test.each<[when: string, phase: string, answer: readonly Step[]]>([
    ["before it begins (FIN)", "header", [close()]],
    ["before it begins (RST)", "header", [reset()]],
    ["amid its head (FIN)", "header", [raw("HTTP/1.1 200 OK\r\ncontent-le"), close()]],
    ["amid its head (RST)", "header", [raw("HTTP/1.1 200 OK\r\ncontent-le"), reset()]],
    ["behind 100", "header", [raw("HTTP/1.1 100 Continue\r\n\r\n"), close()]],
    ["amid its length (FIN)", "body", [head(200, LENGTH), chunk("abc"), close()]],
    ["amid its length (RST)", "body", [head(200, LENGTH), chunk("abc"), reset()]],
    ["before its first byte", "first-token", [head(200, LENGTH), close()]],
    ["between two chunks (FIN)", "body", [head(200, CHUNKED), chunk("abc"), close()]],
    ["between two chunks (RST)", "body", [head(200, CHUNKED), chunk("abc"), reset()]],
    ["amid a chunk", "body", [head(200, CHUNKED), raw("5\r\nabc"), close()]],
    ["amid its last chunk", "body", [head(200, CHUNKED), raw("1\r\na\r\n0\r\n"), close()]],
    ["until the connection ends, which is reset", "body", [head(200), chunk("abc"), reset()]],
  ])("%s, in the phase %s", async (_, phase, answer) => {
    provider.answer(answer);
    const error: unknown = await transport.ask({ method: "POST" }).catch((reason: unknown) => reason);
    expect(toUpstreamFailure(error, "x").code).toBe("upstream_reset");
    expect(error).toMatchObject({ phase, requestSent: true, retryable: true });
    await provider.connectionClosed(1);
  });
});

describe("what is no answer", () => {
  test.each([
    ["another protocol", "SSH-2.0-x\r\n\r\n"],
    ["TLS", "\x15\x03\x01\0\x02\x02\x28\r\n\r\n"],
    ["a bad field", "HTTP/1.1 200 OK\r\ncontent-length : 5\r\n\r\nhello"],
    ["a bad framing", "HTTP/1.1 200 OK\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"],
    ["a bad chunk", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n"],
    ["a head without an end", "x".repeat(70_000)],
    ["an upgrade", "HTTP/1.1 101 Switching Protocols\r\nupgrade: h2c\r\n\r\n"],
    ["an encoding that nobody knows", "HTTP/1.1 200 OK\r\ncontent-encoding: rot13\r\ncontent-length: 1\r\n\r\na"],
  ])("%s", async (_, wire) => {
    provider.answer([raw(wire), { kind: "stall" }]);
    const error: unknown = await transport.ask({ method: "POST" }).catch((reason: unknown) => reason);
    expect(toUpstreamFailure(error, "x").code).toBe("upstream_invalid_response");
    transport.close();
    await provider.connectionClosed(1);
  });

  test("a bad chunk behind good ones: these are handed over first", async () => {
    provider.answer([head(200, CHUNKED), chunk("good"), raw("zz\r\n"), { kind: "stall" }]);
    const { body } = await transport.send().response;
    const over = Promise.withResolvers<unknown>();
    let taken = "";
    body?.consume({
      write: (bytes) => void (taken += Buffer.from(bytes).toString()),
      flush() {},
      end: () => over.resolve("well"),
      fail: over.resolve,
    });
    expect(await over.promise).toMatchObject({ code: "HTTP_INVALID_CHUNK" });
    expect(taken).toBe("good");
  });
});

describe("a long answer", () => {
  const MANY = 32 * MIB;

  test.each([
    ["of a told length", { "content-length": String(MANY) }],
    ["in chunks", CHUNKED],
    ["until the connection ends", { connection: "close" }],
  ])("%s comes whole", async (_, headers) => {
    provider.answer([head(200, headers), flood(MANY), end()]);
    expect((await transport.ask()).text).toHaveLength(MANY);
  });

  test("that nobody takes is held back, and comes whole when somebody does", async () => {
    provider.answer([head(200, { "content-length": String(MANY) }), flood(MANY), end()]);
    const { body } = await transport.send().response;
    const heldBack = await provider.heldBack(1, { quiet: 100 });
    expect(heldBack).toBeLessThan(MANY / 2);
    const over = Promise.withResolvers<void>();
    let taken = 0;
    body?.consume({ write: (bytes) => void (taken += bytes.length), flush() {}, end: over.resolve, fail: over.reject });
    await over.promise;
    expect(taken).toBe(MANY);
  });

  test("whose taker rests now and then comes whole, and never far ahead of it", async () => {
    provider.answer([head(200, CHUNKED), flood(MANY), end()]);
    provider.answer([head(204), end()]);
    const { body } = await transport.send().response;
    if (!body) throw new Error("it has no body");
    const over = Promise.withResolvers<void>();
    let taken = 0;
    let rests = 0;
    let isResting = false;
    body.consume({
      write(bytes) {
        taken += bytes.length;
      },
      flush() {
        // What has arrived is still handed over while it rests: no more than a read or two.
        if (isResting || taken < (rests + 1) * MIB) return;
        isResting = true;
        rests += 1;
        body.pause();
        const before = taken;
        setTimeout(() => {
          if (taken - before > 2 * MIB) over.reject(new Error(`${taken - before} bytes came while it rested`));
          isResting = false;
          body.resume();
        }, 2);
      },
      end: over.resolve,
      fail: over.reject,
    });
    await over.promise;
    expect(taken).toBe(MANY);
    expect(rests).toBeGreaterThan(10);
    body.pause();
    expect((await transport.ask()).status).toBe(204);
    expect(provider.connections).toBe(1);
  });
});
