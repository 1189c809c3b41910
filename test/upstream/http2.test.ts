import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../fixtures/free-port.ts";
import { createGate } from "../fixtures/gate.ts";
import { type H2Provider, type H2Request, startH2Provider } from "../fixtures/h2-provider.ts";
import { openRawClient, type RawClient } from "../fixtures/raw-http-client.ts";
import { createSelfSignedCertificate, type SelfSignedCertificate } from "../fixtures/self-signed-certificate.ts";
import { type Relay, startRelay } from "../fixtures/relay.ts";
import { type RunningGateway, startGateway } from "../fixtures/start-gateway.ts";
import { within } from "../fixtures/within.ts";

const KEY = "sk-h2-0123456789";
const AUTHORITIES = join(tmpdir(), `h2-authorities-${crypto.randomUUID()}.pem`);
const CHAT_PATH = "/v1/chat/completions";
const NGHTTP2_CANCEL = 8;
/** The alert with which servers refuse a handshake. https://www.rfc-editor.org/rfc/rfc7301#section-3.2 */
const NO_APPLICATION_PROTOCOL = Uint8Array.of(0x15, 3, 3, 0, 2, 2, 120);

let tls: SelfSignedCertificate;
let provider: H2Provider;
let untrusted: H2Provider;
let gateway: RunningGateway;
/** Servers that offer no HTTP/2: one ignores what it is asked for, the other refuses it. */
let lax: Bun.Server<undefined>;
let strict: Bun.TCPSocketListener;
/** Accepts connections and never says a word. */
let mute: Bun.TCPSocketListener;
let relay: Relay;

beforeAll(async () => {
  tls = await createSelfSignedCertificate("localhost");
  await Bun.write(AUTHORITIES, tls.cert);
  provider = await startH2Provider(tls);
  untrusted = await startH2Provider(await createSelfSignedCertificate("localhost"));
  lax = Bun.serve({ hostname: "127.0.0.1", port: 0, tls, fetch: () => new Response("{}") });
  strict = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: { data: (socket) => void socket.end(NO_APPLICATION_PROTOCOL) },
  });
  mute = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  relay = await startRelay(provider.port);
  const others = { frozen: relay.port, untrusted: untrusted.port, lax: lax.port, strict: strict.port, mute: mute.port };
  gateway = await startGateway({
    NODE_EXTRA_CA_CERTS: AUTHORITIES,
    CLIENT_CONNECT_TIMEOUT: "2s",
    CLIENT_RESPONSE_HEADER_TIMEOUT: "6s",
    CLIENT_STREAM_IDLE_TIMEOUT: "4s",
    MODELS_TIMEOUT: "2s",
    OPENAI_API_KEY: KEY,
    OPENAI_API_URL: `${provider.url}/v1`,
    OPENAI_HTTP2: "true",
    CUSTOM_PROVIDERS: Object.keys(others).join(","),
    ...Object.fromEntries(
      Object.entries(others).flatMap(([id, port]) => [
        [`${id.toUpperCase()}_API_URL`, `https://localhost:${port}/v1`],
        [`${id.toUpperCase()}_HTTP2`, "true"],
      ]),
    ),
  });
});

afterAll(async () => {
  await gateway.stop();
  await Promise.all([provider[Symbol.asyncDispose](), untrusted[Symbol.asyncDispose](), lax.stop(true)]);
  strict.stop(true);
  mute.stop(true);
  relay.stop();
  rmSync(AUTHORITIES, { force: true });
});

const chatOf = (id: string, stream = false) => ({
  model: `${id}/m`,
  messages: [{ role: "user", content: "hi" }],
  ...(stream && { stream }),
});

const ask = (id = "openai", init: RequestInit = {}): Promise<Response> =>
  fetch(`${gateway.url}/v1/chat/completions`, { method: "POST", body: JSON.stringify(chatOf(id)), ...init });

const errorOf = async (response: Response) => [response.status, ((await response.json()) as { error: string }).error];

const answerJson =
  (value: unknown) =>
  ({ stream }: H2Request): void => {
    stream.respond({ ":status": 200, "content-type": "application/json" });
    stream.end(JSON.stringify(value));
  };

/** Opens a stream of events through the gateway, with the first one there. */
async function openStream(first: string): Promise<{ readonly client: RawClient; readonly request: H2Request }> {
  const begun = Promise.withResolvers<H2Request>();
  provider.on(CHAT_PATH, (request) => {
    request.stream.respond({ ":status": 200, "content-type": "text/event-stream" });
    request.stream.write(first);
    begun.resolve(request);
  });
  const client = await openRawClient(gateway.port);
  await client.request("POST", "/v1/chat/completions", { body: JSON.stringify(chatOf("openai", true)) });
  const request = await within(begun.promise, 2000, "the request");
  expect((await client.head()).status).toBe(200);
  expect(Buffer.from((await client.nextChunk()) ?? []).toString()).toBe(first);
  return { client, request };
}

describe("a request over HTTP/2", () => {
  test("is the same as over HTTP/1.1, without what belongs to a connection", async () => {
    const got = Promise.withResolvers<readonly [H2Request["headers"], string]>();
    provider.on(CHAT_PATH, async (request) => {
      const body = await request.body();
      got.resolve([request.headers, body.toString()]);
      answerJson({ id: "one" })(request);
    });
    const response = await ask();
    expect([response.status, await response.text()]).toEqual([200, '{"id":"one"}']);
    const [headers, body] = await got.promise;
    expect(JSON.parse(body)).toEqual({ ...chatOf("openai"), model: "m" });
    expect(headers).toMatchObject({
      ":method": "POST",
      ":scheme": "https",
      ":authority": `localhost:${provider.port}`,
      ":path": CHAT_PATH,
      authorization: `Bearer ${KEY}`,
      "content-type": "application/json",
      "accept-encoding": "identity",
      "content-length": String(body.length),
    });
    for (const name of ["host", "connection", "transfer-encoding", "keep-alive", "te", "upgrade"]) {
      expect([name, headers[name]]).toEqual([name, undefined]);
    }
  });

  test("on /proxy: a body and an answer of megabytes pass whole, through every window", async () => {
    const upload = Buffer.alloc(3_000_000, "up");
    const download = Buffer.alloc(20_000_000, "down");
    provider.on("/v1/files?a=b", async (request) => {
      const body = await request.body();
      request.stream.respond({ ":status": 201, etag: Bun.hash(body).toString() });
      request.stream.end(download);
    });
    const response = await fetch(`${gateway.url}/proxy/openai/v1/files?a=b`, { method: "PUT", body: upload });
    expect([response.status, response.headers.get("etag")]).toEqual([201, Bun.hash(upload).toString()]);
    expect(Buffer.from(await response.arrayBuffer()).equals(download)).toBe(true);
  });

  test("on /proxy: a body that its client leaves off ends its stream alone", async () => {
    const begun = Promise.withResolvers<H2Request>();
    provider.on("/v1/up", (request) => {
      request.stream.once("data", () => begun.resolve(request));
    });
    await using client = await openRawClient(gateway.port);
    await client.send("POST /proxy/openai/v1/up HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\npart");
    const request = await within(begun.promise, 2000, "the begun upload");
    const open = provider.openConnections;
    await client[Symbol.asyncDispose]();
    expect(await within(request.closed, 2000, "the end of the stream")).toBe(NGHTTP2_CANCEL);
    expect(provider.openConnections).toBe(open);
  });

  test("200 at once share a few connections", async () => {
    const gate = createGate();
    let waiting = 0;
    provider.on(CHAT_PATH, async (request) => {
      waiting += 1;
      if (waiting === 200) gate.open();
      await gate.opened;
      answerJson({ ok: true })(request);
    });
    const before = provider.connections;
    const answers = await Promise.all(Array.from({ length: 200 }, async () => (await ask()).text()));
    expect(new Set(answers)).toEqual(new Set(['{"ok":true}']));
    expect(provider.connections - before).toBeLessThanOrEqual(4);
  });
});

describe("a stream over HTTP/2", () => {
  test("reaches the client event by event, each as it comes", async () => {
    const { client, request } = await openStream("data: 0\n\n");
    for (let index = 1; index < 5; index++) {
      // Written only once the client has got the one before.
      request.stream.write(`data: ${index}\n\n`);
      expect(Buffer.from((await client.nextChunk()) ?? []).toString()).toBe(`data: ${index}\n\n`);
    }
    request.stream.end("data: [DONE]\n\n");
    expect(Buffer.from((await client.nextChunk()) ?? []).toString()).toBe("data: [DONE]\n\n");
    expect(await client.nextChunk()).toBeUndefined();
  });

  test("that its client leaves is cancelled, and others on its connection go on", async () => {
    const other = await openStream("data: other\n\n");
    const left = await openStream("data: left\n\n");
    expect(left.request.stream.session).toBe(other.request.stream.session);
    await left.client[Symbol.asyncDispose]();
    expect(await within(left.request.closed, 2000, "the end of the stream that was left")).toBe(NGHTTP2_CANCEL);
    other.request.stream.end("data: [DONE]\n\n");
    expect((await other.client.body()).text).toBe("data: other\n\ndata: [DONE]\n\n");
  });

  test.each<[what: string, cut: (request: H2Request) => void]>([
    ["resets", ({ stream }) => void stream.destroy(new Error("reset"))],
    ["whose connection is cut", () => provider.cut()],
    ["whose connection ends with an error", ({ stream }) => stream.session?.goaway(2)],
  ])("that the provider %s ends in an error, and never as if it were whole", async (_, cut) => {
    const { client, request } = await openStream("data: one\n\n");
    cut(request);
    const { text } = await client.body();
    expect(text).toContain('"type":"upstream_error"');
    expect(text).toContain("upstream_reset");
    expect(text).not.toContain("[DONE]");
  });

  test("is finished if the provider closes its connection for new ones, which go on another", async () => {
    const { client, request } = await openStream("data: one\n\n");
    const before = provider.connections;
    provider.goAway();
    provider.on(CHAT_PATH, answerJson({ id: "next" }));
    expect(await (await ask()).text()).toBe('{"id":"next"}');
    expect(provider.connections).toBe(before + 1);
    request.stream.end("data: [DONE]\n\n");
    expect((await client.body()).text).toBe("data: one\n\ndata: [DONE]\n\n");
  });

  test("that is silent ends at its deadline, and its stream with it", async () => {
    const { client, request } = await openStream("data: one\n\n");
    expect((await client.body(4000)).text).toContain("stream_idle_timeout");
    expect(await within(request.closed, 2000, "the end of the stream")).toBe(NGHTTP2_CANCEL);
  });
});

describe("a provider that", () => {
  test("does not answer runs into the deadline for answers, not into that for connections", async () => {
    const asked = Promise.withResolvers<H2Request>();
    provider.on(CHAT_PATH, asked.resolve);
    expect(await errorOf(await ask())).toEqual([
      504,
      "The upstream server did not begin its answer in time (CLIENT_RESPONSE_HEADER_TIMEOUT)",
    ]);
    expect(await (await asked.promise).closed).toBe(NGHTTP2_CANCEL);
  });

  test("thinks for longer than a connection may take is not asked for a second connection", async () => {
    provider.on(CHAT_PATH, answerJson({ id: "soon" }));
    await (await ask()).text();
    const { connections } = provider;
    for (let call = 0; call < 2; call++) {
      // Longer than all of CLIENT_CONNECT_TIMEOUT, which is what counts here.
      provider.on(CHAT_PATH, (request) => void setTimeout(answerJson({ id: "late" }), 2200, request));
      expect(await (await ask()).text()).toBe('{"id":"late"}');
    }
    expect(provider.connections).toBe(connections);
  });

  test("has gone silent on its connection is called on another one once a call has been given up", async () => {
    provider.on(CHAT_PATH, answerJson({ id: "heard" }));
    expect(await (await ask("frozen")).text()).toBe('{"id":"heard"}');
    relay.freeze();
    expect((await ask("frozen")).status).toBe(504);
    expect(await (await ask("frozen")).text()).toBe('{"id":"heard"}');
  });

  test("restarts is called again at once", async () => {
    const first = await startH2Provider(tls, await freePort());
    await using other = await startGateway({
      NODE_EXTRA_CA_CERTS: AUTHORITIES,
      OPENAI_API_KEY: KEY,
      OPENAI_API_URL: `${first.url}/v1`,
      OPENAI_HTTP2: "1",
    });
    const send = () => fetch(`${other.url}/proxy/openai/x`, { method: "POST", body: "{}" });
    expect((await send()).status).toBe(200);
    await first[Symbol.asyncDispose]();
    expect((await send()).status).toBe(502);
    await using second = await startH2Provider(tls, first.port);
    expect((await send()).status).toBe(200);
    expect(second.connections).toBe(1);
  });

  test("accepts no TLS connection runs into the deadline for connections", async () => {
    const response = await ask("mute");
    expect(await errorOf(response)).toEqual([
      504,
      "The upstream server did not accept a connection in time (CLIENT_CONNECT_TIMEOUT)",
    ]);
  });

  test.each([
    ["lax", "HTTP2Unsupported"],
    ["strict", "HTTP2_HANDSHAKE_FAILED"],
  ])("offers only HTTP/1.1 (%s) is refused by name, and is not called over it", async (id, cause) => {
    const response = await ask(id, { headers: { "x-request-id": `only-${id}` } });
    expect(await errorOf(response)).toEqual([
      502,
      "Failed to reach upstream server over HTTP/2 (<ID>_HTTP2): it may not offer it",
    ]);
    const line = await gateway.logged(({ request_id }) => request_id === `only-${id}`);
    expect(line).toMatchObject({ provider: id, failure: "upstream_tls_failure", cause });
  });

  test("has a certificate of nobody that is known is sent nothing", async () => {
    let asked = 0;
    untrusted.on(CHAT_PATH, () => void (asked += 1));
    expect(await errorOf(await ask("untrusted"))).toEqual([
      502,
      "Failed to reach upstream server: the TLS connection could not be established",
    ]);
    expect(asked).toBe(0);
  });
});

test("nothing but log lines was printed", () => {
  const { stdout, stderr } = gateway.output();
  expect(stderr).toBe("");
  expect(stdout.split("\n").filter((line) => line !== "" && !line.startsWith("{"))).toEqual([]);
});
