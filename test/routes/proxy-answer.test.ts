import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { gzipSync } from "node:zlib";
import { json, redirect } from "../fixtures/answers.ts";
import { createGate } from "../fixtures/gate.ts";
import { openRawClient } from "../fixtures/raw-http-client.ts";
import { chunk, close, end, head, wait } from "../fixtures/script.ts";
import { type StartedGateway, startBesideProvider, threeProviders } from "./started-gateway.ts";

let started: StartedGateway;

beforeAll(async () => {
  started = await startBesideProvider(threeProviders);
});
beforeEach(() => {
  started.answerWith(json(200, {}));
  started.takeCalls();
});
afterAll(() => started[Symbol.asyncDispose]());

describe("the answer", () => {
  test.each([200, 201, 206, 299, 400, 401, 404, 418, 429, 500, 503, 529])(
    "status %i passes with its body",
    async (status) => {
      const body = '{"error": {"message":"as it is", "n": 1.0}}';
      started.answerWith(json(status, body, { "retry-after": "3" }));
      const response = await started.post("/proxy/openai/x", "{}");
      expect([response.status, await response.text()]).toEqual([status, body]);
      expect(response.headers.get("retry-after")).toBe("3");
    },
  );

  test("its allow-listed headers pass, and the request id stays the gateway's", async () => {
    started.answerWith([
      head(200, [
        ["Content-Type", "text/x-odd; charset=latin1"],
        ["Content-Length", "2"],
        ["Set-Cookie", "a=1"],
        ["Set-Cookie", "b=2"],
        ["ETag", '"x"'],
        ["X-Request-Id", "theirs"],
        ["Connection", "keep-alive, retry-after"],
        ["Keep-Alive", "timeout=5"],
        ["Retry-After", "1"],
        ["Server", "theirs"],
      ]),
      chunk("ok"),
      end(),
    ]);
    const response = await started.send("GET", "/proxy/openai/x", undefined, { "x-request-id": "ours" });
    expect(response.headers.getSetCookie()).toEqual([]);
    const { headers } = response;
    expect([headers.get("content-type"), headers.get("etag"), headers.get("server")]).toEqual([
      "text/x-odd; charset=latin1",
      '"x"',
      null,
    ]);
    expect([headers.get("x-request-id"), headers.get("x-upstream-request-id")]).toEqual(["ours", "theirs"]);
    expect([headers.get("retry-after"), headers.get("content-length")]).toEqual([null, "2"]);
  });

  test("a redirect is relayed with its Location and not followed", async () => {
    for (const status of [301, 302, 303, 307, 308]) {
      started.answerWith(redirect("http://127.0.0.1:1/elsewhere?key=x", status));
      const response = await started.post("/proxy/openai/x", "{}");
      expect([response.status, response.headers.get("location")]).toEqual([
        status,
        "http://127.0.0.1:1/elsewhere?key=x",
      ]);
      started.takeCall();
    }
  });

  test("HEAD, 204 and 304 have no body and keep the length that was announced", async () => {
    await using client = await openRawClient(started.gateway.port);
    const headers = { "content-length": "123456", etag: '"x"', "content-type": "audio/mpeg" };
    started.answerWith([head(200, headers), end()]);
    await client.request("HEAD", "/proxy/openai/files/1");
    const answer = await client.head();
    expect([answer.status, answer.header("content-length"), answer.header("etag")]).toEqual([200, "123456", '"x"']);
    expect(answer.header("content-type")).toBe("audio/mpeg");
    expect(started.takeCall().method).toBe("HEAD");
    started.answerWith([head(304, { etag: '"x"', "content-length": "123456" }), end()]);
    await client.request("GET", "/proxy/openai/files/1");
    const unchanged = await client.head();
    expect([unchanged.status, unchanged.header("etag")]).toEqual([304, '"x"']);
    started.answerWith([head(204), end()]);
    await client.request("DELETE", "/proxy/openai/files/1");
    const deleted = await client.head();
    expect([deleted.status, deleted.header("content-length")]).toEqual([204, undefined]);
    started.answerWith([head(200, { "content-length": "0" }), end()]);
    await client.request("GET", "/proxy/openai/files/1");
    const empty = await client.head();
    expect([empty.status, empty.header("content-length")]).toEqual([200, "0"]);
    expect((await client.body()).text).toBe("");
  });

  test.each(["{}", ""])("an answer %j that does not say what it is stays one", async (body) => {
    for (const status of [200, 404]) {
      started.answerWith([head(status, { "content-length": String(body.length) }), chunk(body), end()]);
      const response = await started.send("GET", "/proxy/openai/x");
      expect([response.status, await response.text()]).toEqual([status, body]);
      const { headers } = response;
      expect([headers.get("content-type"), headers.get("content-length")]).toEqual([null, String(body.length)]);
      started.takeCall();
    }
  });

  test("compressed bytes pass as they are, with their encoding and length", async () => {
    const zipped = gzipSync("hello ".repeat(100));
    started.answerWith([
      head(200, { "content-encoding": "gzip", "content-length": String(zipped.length), vary: "accept-encoding" }),
      chunk(zipped),
      end(),
    ]);
    await using client = await openRawClient(started.gateway.port);
    await client.request("GET", "/proxy/openai/x", { headers: { "accept-encoding": "gzip" } });
    const answer = await client.head();
    expect([answer.header("content-encoding"), answer.header("content-length")]).toEqual([
      "gzip",
      String(zipped.length),
    ]);
    expect(Buffer.compare((await client.body()).bytes, zipped)).toBe(0);
    expect(started.takeCall().header("accept-encoding")).toBe("gzip");
  });

  test("binary content passes byte for byte, of known and of unknown length", async () => {
    const bytes = Uint8Array.from({ length: 200_000 }, (_, index) => (index * 7) % 256);
    for (const framing of [{ "content-length": "200000" }, { "transfer-encoding": "chunked" }]) {
      started.answerWith([head(200, { "content-type": "audio/mpeg", ...framing }), chunk(bytes), end()]);
      const response = await started.send("GET", "/proxy/openai/audio");
      expect(Buffer.compare(await response.bytes(), bytes)).toBe(0);
      started.takeCall();
    }
  });

  test("it streams: each chunk reaches the client when the provider sends it", async () => {
    const gate = createGate();
    started.answerWith([head(200, { "transfer-encoding": "chunked" }), chunk("one"), wait(gate), chunk("two"), end()]);
    await using client = await openRawClient(started.gateway.port);
    await client.request("GET", "/proxy/openai/x");
    expect((await client.head()).status).toBe(200);
    expect(Buffer.from((await client.nextChunk()) ?? []).toString()).toBe("one");
    gate.open();
    expect(Buffer.from((await client.nextChunk()) ?? []).toString()).toBe("two");
    expect(await client.nextChunk()).toBeUndefined();
  });

  test("one that breaks off is seen to break off", async () => {
    const gate = createGate();
    started.answerWith([head(200, { "content-length": "200000" }), chunk("part"), wait(gate), close()]);
    await using client = await openRawClient(started.gateway.port);
    await client.request("GET", "/proxy/openai/x");
    expect((await client.head()).status).toBe(200);
    expect(Buffer.from((await client.nextBytes()) ?? []).toString()).toBe("part");
    gate.open();
    expect((await client.body()).complete).toBe(false);
  });
});
