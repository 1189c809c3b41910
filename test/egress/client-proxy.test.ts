import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { dataEvent, json, sse } from "../fixtures/answers.ts";
import { freePort } from "../fixtures/free-port.ts";
import { type MockProvider, startMockProvider } from "../fixtures/mock-provider.ts";
import { createSelfSignedCertificate } from "../fixtures/self-signed-certificate.ts";
import { createSigningKey, type SigningKey, signToken } from "../fixtures/signing-key.ts";
import { type RunningGateway, startGateway } from "../fixtures/start-gateway.ts";
import { type McpTestServer, startMcpServer } from "../tools/mcp/mcp-server.ts";
import { runToEnd } from "../cli/run-to-end.ts";
import { type EgressProxy, startEgressProxy } from "./egress-proxy.ts";
import { scratchFolder } from "../fixtures/scratch-folder.ts";

const KEY = "sk-egress-0123456789";
const PASSWORD = "pr0xy/pass word";
const BASIC = `Basic ${btoa(`us@er:${PASSWORD}`)}`;
const folder = scratchFolder("egress");

let plain: MockProvider;
let secure: MockProvider;
let local: MockProvider;
let decoy: MockProvider;
let issuer: MockProvider;
let mcp: McpTestServer;
let proxy: EgressProxy;
let signing: SigningKey;

/** Every spelling in which an environment names a proxy, all pointing at one that must not be asked. */
function environmentProxies(): Record<string, string> {
  const names = ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"];
  const all = [...names, ...names.map((name) => name.toLowerCase())];
  return Object.fromEntries(all.map((name) => [name, decoy.url]));
}

/** How the issuer answers under any of its names. */
function answerAsIssuer(url: string): void {
  issuer.answerAlways(({ target }) =>
    target.endsWith("/keys")
      ? json(200, { keys: [signing.publicJwk] })
      : json(200, { issuer: url, jwks_uri: `${url}/keys` }),
  );
}

function tokenOf(url: string): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  return signToken(signing, { iss: url, aud: "gateway", sub: "someone", exp: now + 600 });
}

beforeAll(async () => {
  const tls = await createSelfSignedCertificate("anthropic.test");
  writeFileSync(join(folder, "ca.pem"), tls.cert);
  signing = await createSigningKey("ES256", "key-1");
  [plain, secure, local, decoy, issuer] = await Promise.all([
    startMockProvider(),
    startMockProvider({ tls }),
    startMockProvider({ unix: join(folder, "local.sock") }),
    startMockProvider(),
    startMockProvider(),
  ]);
  mcp = await startMcpServer();
  for (const provider of [plain, secure, local]) provider.answerAlways(() => json(200, { data: [], ok: true }));
  decoy.answerAlways(() => json(200, { decoy: true }));
  proxy = await startEgressProxy({
    "openai.test:80": plain.port,
    "anthropic.test:443": secure.port,
    "issuer.test:80": issuer.port,
    "mcp.test:80": mcp.port,
  });
});

afterAll(async () => {
  const parts = [proxy, mcp, plain, local, decoy, issuer];
  await Promise.all(parts.map((part) => part[Symbol.asyncDispose]()));
  await secure.stop();
});

function post(gateway: RunningGateway, path: string, body: unknown, headers = {}): Promise<Response> {
  return fetch(gateway.url + path, { method: "POST", headers, body: JSON.stringify(body) });
}

const chatOf = (provider: string) => ({ model: `${provider}/m`, messages: [{ role: "user", content: "hi" }] });

describe("with CLIENT_PROXY", () => {
  let gateway: RunningGateway;
  const ISSUER = "http://issuer.test";

  beforeAll(async () => {
    answerAsIssuer(ISSUER);
    gateway = await startGateway({
      ...environmentProxies(),
      NO_PROXY: "*",
      no_proxy: "openai.test,anthropic.test",
      NODE_EXTRA_CA_CERTS: join(folder, "ca.pem"),
      CLIENT_PROXY: `http://us%40er:pr0xy%2Fpass%20word@127.0.0.1:${proxy.port}`,
      CLIENT_NO_PROXY: "internal.invalid",
      OPENAI_API_KEY: KEY,
      OPENAI_API_URL: "http://openai.test/v1",
      ANTHROPIC_API_KEY: KEY,
      ANTHROPIC_API_URL: "https://anthropic.test/v1",
      GROQ_API_KEY: KEY,
      GROQ_API_URL: `http://localhost:${plain.port}/groq`,
      MISTRAL_API_KEY: KEY,
      MISTRAL_API_URL: "http://sub.internal.invalid/v1",
      CUSTOM_PROVIDERS: "local",
      LOCAL_API_URL: `unix:${local.unix}`,
      AUTH_ENABLED: "true",
      AUTH_OIDC_ISSUER: ISSUER,
      AUTH_OIDC_CLIENT_ID: "gateway",
      AUTH_API_KEYS: "client-key-0123456789",
      MCP_ENABLED: "true",
      MCP_EXPOSE: "true",
      MCP_SERVERS: "tools=http://mcp.test/mcp",
      MCP_TOOLS_TOKEN: "mcp-token",
    });
    await gateway.logged((line) => line["msg"] === "MCP server is connected", 15_000);
    // Listings of models are over when each provider was asked once.
    await plain.nextRequest(10_000);
    await plain.nextRequest(10_000);
    await secure.nextRequest(10_000);
    await local.nextRequest(10_000);
  });
  afterAll(() => gateway.stop());

  const call = (path: string, body: unknown) =>
    post(gateway, path, body, { authorization: "Bearer client-key-0123456789" });

  test("a plain provider is asked through it, in absolute form", async () => {
    const before = proxy.seen.length;
    const response = await call("/v1/chat/completions", chatOf("openai"));
    expect([response.status, await response.json()]).toMatchObject([200, { ok: true }]);
    const [seen] = proxy.seen.slice(before);
    expect(seen?.request).toBe("POST http://openai.test/v1/chat/completions");
    expect(seen?.authorization).toBe(BASIC);
    const received = await plain.nextRequest();
    expect(received.header("authorization")).toBe(`Bearer ${KEY}`);
    expect(received.header("proxy-authorization")).toBeUndefined();
  });

  test("a provider over TLS is asked through a tunnel, which hides the key from the proxy and the password from the provider", async () => {
    // With tools, only an answer of the API is one.
    const usage = { input_tokens: 1, output_tokens: 1 };
    const message = { id: "msg_1", type: "message", role: "assistant", model: "m", content: [], usage };
    secure.answer(json(200, { ...message, stop_reason: "end_turn", stop_sequence: null }));
    const response = await call("/v1/messages", { ...chatOf("anthropic"), max_tokens: 1 });
    expect([response.status, await response.json()]).toMatchObject([200, message]);
    const tunnels = proxy.seen.filter(({ request }) => request === "CONNECT anthropic.test:443");
    expect(tunnels.length).toBeGreaterThan(0);
    for (const { authorization, head } of tunnels) {
      expect(authorization).toBe(BASIC);
      expect(head).not.toContain(KEY);
      expect(head).not.toContain("/v1");
    }
    const received = await secure.nextRequest();
    expect(received.header("x-api-key")).toBe(KEY);
    expect(Buffer.from(received.head).toString().toLowerCase()).not.toContain("proxy");
  });

  test("streams and /proxy go the same way", async () => {
    plain.answer(sse([dataEvent({ n: 1 })], { done: true }));
    const stream = await call("/v1/chat/completions", { ...chatOf("openai"), stream: true });
    expect(await stream.text()).toBe('data: {"n":1}\n\ndata: [DONE]\n\n');
    const before = proxy.seen.length;
    expect((await call("/proxy/openai/files?a=1", { b: 2 })).status).toBe(200);
    expect(proxy.seen.slice(before).map(({ request }) => request)).toEqual(["POST http://openai.test/v1/files?a=1"]);
    expect((await call("/proxy/anthropic/v1/files", {})).status).toBe(200);
    for (let count = 0; count < 2; count++) await plain.nextRequest();
    await secure.nextRequest();
  });

  test("the issuer's documents and MCP servers are fetched through it", async () => {
    const token = await tokenOf(ISSUER);
    const response = await fetch(`${gateway.url}/v1/mcp/tools`, { headers: { authorization: `Bearer ${token}` } });
    expect(await response.json()).toMatchObject({ tools: [{ name: "mcp_echo" }] });
    const asked = proxy.seen.map(({ request }) => request);
    expect(asked).toContain("GET http://issuer.test/.well-known/openid-configuration");
    expect(asked).toContain("GET http://issuer.test/keys");
    expect(asked).toContain("POST http://mcp.test/mcp");
    for (const { header } of issuer.requests) expect(header("proxy-authorization")).toBeUndefined();
  });

  test("this machine, unix sockets and the hosts of CLIENT_NO_PROXY are called directly", async () => {
    const before = proxy.seen.length;
    expect((await call("/v1/chat/completions", chatOf("groq"))).status).toBe(200);
    expect((await call("/v1/chat/completions", chatOf("local"))).status).toBe(200);
    const unresolved = await call("/v1/chat/completions", chatOf("mistral"));
    expect([unresolved.status, await unresolved.json()]).toMatchObject([502, { code: "upstream_dns_failure" }]);
    expect(proxy.seen.length).toBe(before);
  });

  test("one that refuses is a 502 that says so and repeats nothing of what it said", async () => {
    proxy.refuse(
      "HTTP/1.1 407 Proxy Authentication Required\r\nConnection: close\r\nContent-Length: 9\r\n\r\nproxy-407",
    );
    try {
      // A tunnel that stands already would go on to be used.
      secure.closeIdleConnections();
      for (const provider of ["openai", "anthropic"]) {
        const response = await call("/v1/chat/completions", chatOf(provider));
        const text = await response.text();
        expect([response.status, JSON.parse(text)]).toMatchObject([502, { code: "proxy_refused", provider }]);
        expect(text).toContain("CLIENT_PROXY");
        expect(text).not.toContain("proxy-407");
        const proxied = await call(`/proxy/${provider}/x`, {});
        expect([proxied.status, await proxied.json()]).toMatchObject([502, { code: "proxy_refused" }]);
      }
    } finally {
      proxy.refuse();
    }
    const line = await gateway.logged((entry) => entry["failure"] === "proxy_refused");
    expect(line["cause"]).toBe("PROXY_STATUS_407");
  });

  test("the environment's proxies are not asked, and no credential is in the log", () => {
    expect(decoy.connections).toBe(0);
    const { stdout, stderr } = gateway.output();
    for (const secret of [KEY, PASSWORD, "pr0xy", BASIC.slice(6), "us%40er", "us@er"]) {
      expect(stdout + stderr).not.toContain(secret);
    }
  });
});

test("one that is not there is a 502 that names the setting", async () => {
  const gone = await freePort();
  await using gateway = await startGateway({
    CLIENT_PROXY: `http://user:${PASSWORD.slice(-4)}@127.0.0.1:${gone}`,
    OPENAI_API_KEY: KEY,
    OPENAI_API_URL: "http://openai.test/v1",
    ANTHROPIC_API_KEY: KEY,
    ANTHROPIC_API_URL: "https://anthropic.test/v1",
  });
  for (const provider of ["openai", "anthropic"]) {
    const response = await post(gateway, "/v1/chat/completions", chatOf(provider));
    expect([response.status, await response.json()]).toMatchObject([
      502,
      { error: "Failed to reach the egress proxy (CLIENT_PROXY)", code: "proxy_unreachable", provider },
    ]);
  }
  const line = await gateway.logged((entry) => entry["failure"] === "proxy_unreachable");
  expect(line["cause"]).toBe("PROXY_ECONNREFUSED");
});

describe("without CLIENT_PROXY", () => {
  beforeEach(() => {
    expect(decoy.connections).toBe(0);
  });

  test("the environment's proxies are not asked: for providers, the issuer, MCP servers, or --healthcheck", async () => {
    const url = `http://127.0.0.1:${issuer.port}`;
    answerAsIssuer(url);
    await using gateway = await startGateway({
      ...environmentProxies(),
      NODE_EXTRA_CA_CERTS: join(folder, "ca.pem"),
      OPENAI_API_KEY: KEY,
      OPENAI_API_URL: `${plain.url}/v1`,
      ANTHROPIC_API_KEY: KEY,
      ANTHROPIC_API_URL: `${secure.url}/v1`,
      AUTH_ENABLED: "true",
      AUTH_OIDC_ISSUER: url,
      AUTH_OIDC_CLIENT_ID: "gateway",
      MCP_ENABLED: "true",
      MCP_EXPOSE: "true",
      MCP_SERVERS: mcp.url,
    });
    await gateway.logged((line) => line["msg"] === "MCP server is connected", 15_000);
    const headers = { authorization: `Bearer ${await tokenOf(url)}` };
    for (const provider of ["openai", "anthropic"]) {
      const response = await post(gateway, "/v1/chat/completions", chatOf(provider), headers);
      expect([response.status, await response.json()]).toMatchObject([200, { ok: true }]);
      expect((await post(gateway, `/proxy/${provider}/x`, {}, headers)).status).toBe(200);
    }
    expect((await fetch(`${gateway.url}/v1/models?provider=openai`, { headers })).status).toBe(200);
    const ended = await runToEnd(["--healthcheck"], { ...environmentProxies(), SERVER_PORT: String(gateway.port) });
    expect(ended).toMatchObject({ code: 0, stdout: "healthy\n" });
    expect(decoy.connections).toBe(0);
  });
});
