import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { json, redirect } from "../fixtures/answers.ts";
import type { ReceivedRequest } from "../fixtures/http-request-parser.ts";
import { type MockProvider, startMockProvider } from "../fixtures/mock-provider.ts";
import { openRawClient } from "../fixtures/raw-http-client.ts";
import type { RunningGateway } from "../fixtures/start-gateway.ts";
import { startGateway } from "../fixtures/start-in-process.ts";
import { CHAT, POST_ROUTES, SMALLEST } from "../routes/requests.ts";

/** Each provider is a server of its own, with a key of its own. */
const KEYS = { openai: "sk-openai-0123456789", anthropic: "sk-ant-0123456789", groq: "gsk-groq-0123456789" } as const;
type ProviderId = keyof typeof KEYS;
const IDS = Object.keys(KEYS) as ProviderId[];

let providers: Record<ProviderId, MockProvider>;
/** Where clients and providers try to lead the gateway. */
let trap: MockProvider;
let gateway: RunningGateway;
const taken: Record<string, number> = {};

beforeAll(async () => {
  const [openai, anthropic, groq] = await Promise.all(IDS.map(() => startMockProvider()));
  if (!openai || !anthropic || !groq) throw new Error("unreachable");
  providers = { openai, anthropic, groq };
  trap = await startMockProvider();
  for (const id of IDS) providers[id].answerAlways(() => json(200, { data: [] }));
  gateway = await startGateway({
    SERVER_ALLOWED_HOSTS: "*",
    MODELS_CACHE_TTL: "0s",
    ...Object.fromEntries(
      IDS.flatMap((id) => [
        [`${id.toUpperCase()}_API_KEY`, KEYS[id]],
        [`${id.toUpperCase()}_API_URL`, `${providers[id].url}/v1`],
      ]),
    ),
  });
  for (const id of IDS) await providers[id].nextRequest(10_000);
  takeAll();
});

afterAll(async () => {
  await gateway.stop();
  await Promise.all([...IDS.map((id) => providers[id].stop()), trap.stop()]);
});

/** The requests that each provider got since this was last called. */
function takeAll(): Record<ProviderId, ReceivedRequest[]> {
  const fresh = IDS.map((id) => {
    const all = providers[id].requests;
    const from = taken[id] ?? 0;
    taken[id] = all.length;
    return [id, all.slice(from)] as const;
  });
  return Object.fromEntries(fresh) as Record<ProviderId, ReceivedRequest[]>;
}

/** The one request that reached a provider, of which all others must have got none. */
function takeOnly(id: ProviderId): ReceivedRequest {
  const { [id]: own = [], ...others } = takeAll();
  expect(Object.values(others).flat()).toEqual([]);
  const [call] = own;
  if (!call || own.length > 1) throw new Error(`${own.length} requests reached ${id}, not one`);
  return call;
}

async function send(
  method: string,
  target: string,
  headers: readonly (readonly [string, string])[] = [],
  body?: unknown,
): Promise<{ readonly status: number; readonly text: string }> {
  await using client = await openRawClient(gateway.port);
  const fields = headers.some(([name]) => name.toLowerCase() === "host")
    ? headers
    : [["Host", "gateway.test"] as const, ...headers];
  const content = body === undefined ? "" : typeof body === "string" ? body : JSON.stringify(body);
  const length = body === undefined ? [] : [["Content-Length", String(Buffer.byteLength(content))] as const];
  const lines = [...fields, ...length].map(([name, value]) => `${name}: ${value}\r\n`).join("");
  await client.send(`${method} ${target} HTTP/1.1\r\n${lines}\r\n${content}`);
  const { status } = await client.head();
  return { status, text: (await client.body()).text };
}

describe("a provider's key", () => {
  afterAll(() => {
    // Over all that was done in this file.
    expect(trap.connections).toBe(0);
    for (const id of IDS) {
      const heads = providers[id].requests.map(({ head }) => Buffer.from(head).toString()).join();
      for (const other of IDS) expect([id, other, heads.includes(KEYS[other])]).toEqual([id, other, id === other]);
    }
  });

  test.each(IDS)("of %s goes to its own server, whatever the route", async (id) => {
    await send("POST", "/v1/chat/completions", [], { ...CHAT, model: `${id}/m` });
    takeOnly(id);
    await send("POST", `/v1/chat/completions?provider=${id}`, [], { ...CHAT, model: "m" });
    takeOnly(id);
    await send("GET", `/proxy/${id}/x`);
    takeOnly(id);
  });

  test.each([301, 302, 303, 307, 308])("follows no redirect with status %i", async (status) => {
    for (const location of [trap.url, `//127.0.0.1:${trap.port}/x`, providers.groq.url]) {
      for (const route of POST_ROUTES) {
        const id = route.startsWith("/v1/messages") ? "anthropic" : "openai";
        providers[id].answer(redirect(location, status));
        const answer = await send("POST", route, [], SMALLEST[route]);
        expect([answer.status, answer.text.includes(location)]).toEqual([502, false]);
        takeOnly(id);
      }
      providers.openai.answer(redirect(location, status));
      expect((await send("POST", "/proxy/openai/x", [], {})).status).toBe(status);
      takeOnly("openai");
    }
    expect(trap.connections).toBe(0);
  });

  test.each([301, 302, 303, 307, 308])("follows no redirect of a list of models with status %i", async (status) => {
    const { groq } = providers;
    groq.answerAlways(() => redirect(trap.url, status));
    try {
      // The list of before is served while the first refresh runs.
      let listed = await send("GET", "/v1/models?provider=groq");
      for (let count = 0; listed.status === 200 && count < 50; count++) {
        listed = await send("GET", "/v1/models?provider=groq");
      }
      expect([listed.status, JSON.parse(listed.text)]).toMatchObject([502, { error: "Failed to list models" }]);
    } finally {
      groq.answerAlways(() => json(200, { data: [] }));
    }
    takeAll();
    expect(trap.connections).toBe(0);
  });
});

/** Members with which clients of other gateways choose where a request goes, and with whose key. */
const STEERING_MEMBERS = () => ({
  api_base: trap.url,
  base_url: trap.url,
  baseURL: trap.url,
  api_key: "client-key",
  api_version: "2099",
  organization: "evil",
  custom_llm_provider: "groq",
  provider: "groq",
  headers: { authorization: "Bearer client-key", host: "evil.example" },
  extra_headers: { "x-forwarded-host": "evil.example" },
  extra_body: { model: "other" },
  proxy: trap.url,
  url: trap.url,
});

describe("a body cannot steer", () => {
  test.each(POST_ROUTES)("members that other gateways obey pass on %s as what they are: unknown", async (route) => {
    const id = route.startsWith("/v1/messages") ? "anthropic" : "openai";
    const body = { ...SMALLEST[route], ...STEERING_MEMBERS() };
    const { status } = await send("POST", route, [], body);
    expect(status).toBe(200);
    const call = takeOnly(id);
    const bare = body.model.slice(body.model.indexOf("/") + 1);
    expect(Buffer.from(call.body).toString()).toBe(JSON.stringify({ ...body, model: bare }));
    expect(Buffer.from(call.head).toString()).not.toMatch(/client-key|evil\.example/);
    expect(call.header("authorization") ?? call.header("x-api-key")).toContain(KEYS[id]);
    expect(trap.connections).toBe(0);
  });

  test("nor can a query", async () => {
    const query = `api_base=${encodeURIComponent(trap.url)}&api_key=client-key&base_url=${encodeURIComponent(trap.url)}`;
    await send("POST", `/v1/chat/completions?${query}`, [], CHAT);
    const call = takeOnly("openai");
    expect(call.target).toBe(`/v1/chat/completions?${query}`);
    expect(call.header("authorization")).toBe(`Bearer ${KEYS.openai}`);
  });

  test.each([
    "openai/../groq/m",
    "openai/@127.0.0.1/m",
    "openai/m?provider=groq",
    "openai/m#x",
    "openai/http://evil.example/m",
    "openai/m\r\nhost: evil.example",
  ])("nor can the model %j: it is text for the provider", async (model) => {
    await send("POST", "/v1/chat/completions", [], { ...CHAT, model });
    const call = takeOnly("openai");
    expect(call.target).toBe("/v1/chat/completions");
    expect(JSON.parse(Buffer.from(call.body).toString())).toMatchObject({ model: model.slice("openai/".length) });
  });
});

/** What none but the gateway's own side may hear of; every value is marked. */
const KEPT_BACK: readonly (readonly [string, string])[] = [
  "Authorization",
  "X-Api-Key",
  "Api-Key",
  "X-Goog-Api-Key",
  "Cookie",
  "Cookie2",
  "Proxy-Authorization",
  "Proxy-Authenticate",
  "Proxy-Connection",
  "Keep-Alive",
  "TE",
  "Trailer",
  "HTTP2-Settings",
  "Forwarded",
  "Via",
  "CDN-Loop",
  "X-Forwarded-For",
  "X-Forwarded-Host",
  "X-Forwarded-Proto",
  "X-Forwarded-Port",
  "X-Forwarded-Prefix",
  "X-Forwarded-Server",
  "X-Forwarded-Anything",
  "X-Real-IP",
  "X-Client-IP",
  "X-Cluster-Client-IP",
  "X-Original-Forwarded-For",
  "True-Client-IP",
  "CF-Connecting-IP",
  "CF-Connecting-IPv6",
  "CF-IPCountry",
  "CF-Ray",
  "CF-Visitor",
  "Fastly-Client-IP",
  "Fly-Client-IP",
  "X-Azure-ClientIP",
  "X-Envoy-External-Address",
  "X-Original-Host",
  "X-Original-URL",
  "X-Host",
  "X-Rewrite-URL",
  "X-HTTP-Method-Override",
  "X-HTTP-Method",
  "X-Method-Override",
  "X-Named-By-Connection",
].map((name) => [name, "marked-secret"] as const);

describe("a client's headers", () => {
  const HEADERS = [["Connection", "keep-alive, X-Named-By-Connection"] as const, ...KEPT_BACK];

  beforeEach(() => {
    takeAll();
  });

  test.each(POST_ROUTES)(
    "about itself, its way and its own credentials do not reach a provider on %s",
    async (route) => {
      const id = route.startsWith("/v1/messages") ? "anthropic" : "openai";
      expect((await send("POST", route, HEADERS, SMALLEST[route])).status).toBe(200);
      expectClean(takeOnly(id), id);
    },
  );

  test.each(IDS)("nor through /proxy to %s", async (id) => {
    for (const method of ["GET", "POST"]) {
      const body = method === "POST" ? "{}" : undefined;
      expect((await send(method, `/proxy/${id}/x`, [...HEADERS, ["X-Stainless-Kept", "kept"]], body)).status).toBe(200);
      const call = takeOnly(id);
      expectClean(call, id);
      expect([call.method, call.header("x-stainless-kept")]).toEqual([method, "kept"]);
    }
  });

  function expectClean(call: ReceivedRequest, id: ProviderId): void {
    const names = call.headers.filter(([, value]) => value.includes("marked")).map(([name]) => name);
    expect(names).toEqual([]);
    expect(Buffer.from(call.head).toString()).not.toContain("gateway.test");
    expect(call.header("host")).toBe(`127.0.0.1:${providers[id].port}`);
  }

  test.each(["evil.example", "127.0.0.1:1", "api.openai.com"])("Host: %s decides nothing", async (host) => {
    for (const [method, target, body] of [
      ["POST", "/v1/chat/completions", CHAT],
      ["POST", "/proxy/openai/x", {}],
    ] as const) {
      expect((await send(method, target, [["Host", host]], body)).status).toBe(200);
      expect(takeOnly("openai").header("host")).toBe(`127.0.0.1:${providers.openai.port}`);
    }
  });

  test.each([
    "authorization",
    "Authorization, X-Api-Key",
    "anthropic-version, host",
    "close, authorization",
    "content-length, transfer-encoding",
    "content-type, content-encoding",
    "accept-encoding, user-agent",
  ])("Connection: %s takes away nothing that the gateway adds, nor what the body is", async (named) => {
    const common = [
      ["Connection", named],
      ["Authorization", "Bearer client-key"],
    ] as const;
    const headers = [...common, ["Content-Type", "application/x-odd"]] as const;
    expect((await send("POST", "/proxy/openai/x", headers, "{}")).status).toBe(200);
    const openai = takeOnly("openai");
    expect(openai.header("authorization")).toBe(`Bearer ${KEYS.openai}`);
    expect([openai.header("content-length"), Buffer.from(openai.body).toString()]).toEqual(["2", "{}"]);
    expect(openai.header("content-type")).toBe("application/x-odd");
    expect(openai.header("accept-encoding")).toBe("identity");
    expect(openai.header("connection")).toBe("keep-alive");
    expect((await send("POST", "/proxy/anthropic/x", headers, "{}")).status).toBe(200);
    const anthropic = takeOnly("anthropic");
    expect([anthropic.header("x-api-key"), anthropic.header("anthropic-version")]).toEqual([
      KEYS.anthropic,
      "2023-06-01",
    ]);
    expect((await send("POST", "/v1/chat/completions", common, CHAT)).status).toBe(200);
    expect(takeOnly("openai").header("authorization")).toBe(`Bearer ${KEYS.openai}`);
  });

  // Trailer fields themselves are refused by the runtime.
  test("of a chunked upload only the content is passed on, not its framing", async () => {
    await using client = await openRawClient(gateway.port);
    await client.send(
      "POST /proxy/openai/up HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTrailer: X-T\r\n\r\n" +
        "2;ext=marked\r\n{}\r\n0\r\n\r\n",
    );
    expect((await client.head()).status).toBe(200);
    const call = takeOnly("openai");
    expect([Buffer.from(call.body).toString(), call.header("trailer")]).toEqual(["{}", undefined]);
    expect(Buffer.from(call.head).toString()).not.toContain("marked");
  });
});
