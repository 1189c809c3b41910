import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { gzipSync } from "node:zlib";
import { json } from "../fixtures/answers.ts";
import { openRawClient } from "../fixtures/raw-http-client.ts";
import { close, raw } from "../fixtures/script.ts";
import { isPending } from "../fixtures/within.ts";
import { bodyText, KEY, type StartedGateway, startBesideProvider, threeProviders } from "./started-gateway.ts";

let started: StartedGateway;

beforeAll(async () => {
  started = await startBesideProvider((url) => ({
    ...threeProviders(url),
    OLLAMA_API_URL: `${url}/ollama/v1`,
    MISTRAL_API_URL: "http://127.0.0.1:1/v1",
    MISTRAL_API_KEY: KEY,
    SERVER_MAX_REQUEST_BODY_SIZE: "33554432",
  }));
});
beforeEach(() => {
  started.answerWith(json(200, {}));
  started.takeCalls();
});
afterAll(() => started[Symbol.asyncDispose]());

describe("refusals", () => {
  test.each([
    ["/proxy/nobody/x", 400, "Provider not found. Please check the list of supported providers."],
    ["/proxy/", 400, "Provider not found. Please check the list of supported providers."],
    ["/proxy/cohere/x", 400, "Provider requires an API key. Please configure the provider's API key."],
    ["/proxy/mistral/x", 502, "Failed to reach upstream server"],
  ])("%s is %i", async (path, status, error) => {
    const response = await started.send("GET", path);
    const { error: said } = (await response.json()) as { error: string };
    expect([response.status, said.slice(0, error.length)]).toEqual([status, error]);
    expect(started.takeCalls()).toEqual([]);
  });

  test("garbage instead of HTTP is 502 and nothing of it reaches the client", async () => {
    started.answerWith([raw("SSH-2.0-secret\r\n\r\n"), close()]);
    const response = await started.send("GET", "/proxy/openai/x");
    expect(response.status).toBe(502);
    expect(await response.text()).not.toContain("SSH");
  });

  test("an upload over the limit is 413 by its Content-Length, before the provider sees it", async () => {
    await using client = await openRawClient(started.gateway.port);
    await client.send(`POST /proxy/openai/f HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${33554433}\r\n\r\n{`);
    expect((await client.head()).status).toBe(413);
    expect(JSON.parse((await client.body()).text)).toMatchObject({ error: "Request body too large" });
    expect(started.takeCalls()).toEqual([]);
  });
});

describe("the request", () => {
  test.each([
    ["/proxy/openai/v1/chat/completions", "/v1/chat/completions"],
    ["/proxy/openai/chat/completions", "/v1/chat/completions"],
    ["/v1/proxy/openai/v1/chat/completions", "/v1/chat/completions"],
    ["/proxy/OpenAI/chat/completions", "/v1/chat/completions"],
    ["/proxy/openai/v2/files", "/v1/v2/files"],
    ["/proxy/openai/v1/v1/files", "/v1/v1/files"],
    ["/proxy/groq/v1/files", "/groq/v1/files"],
    ["/proxy/openai/proxy/groq/x", "/v1/proxy/groq/x"],
    ["/proxy/openai/files/%C3%A9%20x;y=1,2:3@4/", "/v1/files/%C3%A9%20x;y=1,2:3@4/"],
    ["/proxy/openai/a//b", "/v1/a//b"],
  ])("%s reaches %s", async (path, target) => {
    await using client = await openRawClient(started.gateway.port);
    await client.request("GET", path);
    expect((await client.head()).status).toBe(200);
    expect(started.takeCall().target).toBe(target);
  });

  test("a query keeps its bytes, `provider` included", async () => {
    await using client = await openRawClient(started.gateway.port);
    const query = "?b=2&a=1&a=%2F..%2F&A=%2f&empty=&flag&provider=groq&q=a+b%20c&x=!*();:@,~[]{}|^`";
    await client.request("GET", `/proxy/openai/search${query}`);
    await client.head();
    expect(started.takeCall().target).toBe(`/v1/search${query}`);
  });

  // A request's URL is written as the URL standard does before anything looks at it.
  test("what a URL may not hold as it is arrives percent-encoded, and a fragment not at all", async () => {
    await using client = await openRawClient(started.gateway.port);
    await client.request("GET", "/proxy/openai/search?x='\"<>#f");
    await client.head();
    expect(started.takeCall().target).toBe("/v1/search?x=%27%22%3C%3E");
  });

  test("the caller's credentials, addresses and hop-by-hop headers stay, the provider's credential goes", async () => {
    await using client = await openRawClient(started.gateway.port);
    const dropped = {
      authorization: "Bearer callers",
      "x-api-key": "callers",
      "api-key": "callers",
      "x-goog-api-key": "callers",
      cookie: "session=callers",
      connection: "keep-alive, x-named",
      "keep-alive": "timeout=5",
      "proxy-authorization": "Basic callers",
      "proxy-connection": "keep-alive",
      te: "trailers",
      trailer: "x-t",
      upgrade: "h2c",
      forwarded: "for=1.2.3.4",
      via: "1.1 somewhere",
      "x-forwarded-for": "1.2.3.4",
      "x-forwarded-host": "gateway.internal",
      "x-real-ip": "1.2.3.4",
      "x-mcp-bypass": "true",
      "x-custom": "callers",
    };
    const kept = {
      "openai-beta": "assistants=v2",
      "content-type": "text/x-odd",
      "user-agent": "me/1",
    };
    await client.request("POST", "/proxy/openai/x", {
      headers: { ...dropped, ...kept, range: "bytes=0-1" },
      body: "b",
    });
    expect((await client.head()).status).toBe(200);
    const call = started.takeCall();
    expect(call.header("authorization")).toBe(`Bearer ${KEY}`);
    expect(call.header("host")).toBe(new URL(started.provider.url).host);
    const text = Buffer.from(call.head).toString();
    expect(text).not.toMatch(/callers|1\.2\.3\.4|gateway\.internal|somewhere|x-t|h2c|mcp|timeout=5|trailers/);
    for (const [name, value] of Object.entries(kept)) expect([name, call.header(name)]).toEqual([name, value]);
    expect(call.header("range")).toBe("bytes=0-1");
    expect(call.header("accept-encoding")).toBe("identity");
  });

  test("each provider gets its own kind of credential", async () => {
    await started.send("GET", "/proxy/anthropic/v1/models/x", undefined, { authorization: "Bearer callers" });
    const anthropic = started.takeCall();
    expect(anthropic.header("x-api-key")).toBe(KEY);
    expect(anthropic.header("anthropic-version")).toBe("2023-06-01");
    expect(anthropic.header("authorization")).toBeUndefined();
    await started.send("GET", "/proxy/anthropic/x", undefined, { "anthropic-version": "2099-01-01" });
    expect(started.takeCall().header("anthropic-version")).toBe("2099-01-01");
    await started.send("GET", "/proxy/ollama/api/tags", undefined, { authorization: "Bearer callers" });
    const ollama = started.takeCall();
    expect([ollama.target, ollama.header("authorization")]).toEqual(["/ollama/api/tags", undefined]);
  });

  test("a body passes byte for byte, whatever its type, and keeps its length", async () => {
    const bytes = Uint8Array.from({ length: 70_000 }, (_, index) => (index * 31) % 256);
    await started.send("PUT", "/proxy/openai/files", bytes, { "content-type": "application/octet-stream" });
    const call = started.takeCall();
    expect(Buffer.compare(call.body, bytes)).toBe(0);
    expect(call.header("content-type")).toBe("application/octet-stream");
    expect(call.header("content-length")).toBe("70000");
    expect(call.header("transfer-encoding")).toBeUndefined();
    const zipped = gzipSync('{"model":"gpt-4o"}');
    await started.post("/proxy/openai/x", new Uint8Array(zipped), { "content-encoding": "gzip" });
    const second = started.takeCall();
    expect([second.header("content-encoding"), Buffer.compare(second.body, zipped)]).toEqual(["gzip", 0]);
    await started.post("/proxy/openai/x", '{"a": 1.0,  "model":"x","model":"y"}');
    expect(bodyText(started.takeCall())).toBe('{"a": 1.0,  "model":"x","model":"y"}');
  });

  test("an upload streams: the provider has its beginning before the client has sent its end", async () => {
    await using client = await openRawClient(started.gateway.port);
    await client.send(
      "POST /proxy/openai/up HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n",
    );
    let call = await started.provider.requestHead();
    while (call.target !== "/v1/up") call = await started.provider.requestHead();
    while (call.bodyReceived < 5) await Bun.sleep(1);
    expect(call.complete).toBe(false);
    await client.send("7\r\n second\r\n0\r\n\r\n");
    expect((await client.head()).status).toBe(200);
    expect(bodyText(call)).toBe("first second");
    expect(call.header("transfer-encoding")).toBe("chunked");
  });

  test("a large upload is held back by a provider that does not read, instead of being buffered", async () => {
    await using client = await openRawClient(started.gateway.port);
    await client.send(
      "POST /proxy/openai/held HTTP/1.1\r\nHost: localhost\r\nContent-Length: 33554432\r\n\r\n12345678",
    );
    let call = await started.provider.requestHead();
    while (call.target !== "/v1/held") call = await started.provider.requestHead();
    started.provider.pauseReading(call.connection);
    const upload = client.send(new Uint8Array(33554432 - 8).fill(120));
    expect(await isPending(upload, 500)).toBe(true);
    started.provider.resumeReading(call.connection);
    expect(await upload).toBe(true);
    expect((await client.head(10_000)).status).toBe(200);
    expect([call.bodyReceived, call.header("content-length")]).toEqual([33554432, "33554432"]);
  });
});
