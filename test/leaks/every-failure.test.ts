import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { FAILURES, type FailureCode } from "../../src/core/errors.ts";
import { startEgressProxy } from "../egress/egress-proxy.ts";
import { closeWithoutAnswer, dataEvent, json, redirect } from "../fixtures/answers.ts";
import { freePort } from "../fixtures/free-port.ts";
import { createGate, type Gate } from "../fixtures/gate.ts";
import type { ReceivedRequest } from "../fixtures/http-request-parser.ts";
import { type Answer, type MockProvider, startMockProvider } from "../fixtures/mock-provider.ts";
import { openRawClient, type RawClient } from "../fixtures/raw-http-client.ts";
import { chunk, close, end, flood, head, raw, reset, type Script, stall, wait } from "../fixtures/script.ts";
import { createSelfSignedCertificate } from "../fixtures/self-signed-certificate.ts";
import { createSigningKey, type SigningKey } from "../fixtures/signing-key.ts";
import { type GatewayProcess, startGateway } from "../fixtures/start-gateway.ts";
import { type TokenCall, startTokenServer } from "../fixtures/token-server.ts";
import { AUDIENCE, startTokenIssuer, type TokenIssuer } from "../fixtures/token-issuer.ts";
import { startMcpServer } from "../tools/mcp/mcp-server.ts";
import { openFolder } from "../response-store/stores.ts";
import { findSecrets, SECRETS } from "./secrets.ts";
import { scratchFolder } from "../fixtures/scratch-folder.ts";

/** What no request from outside leads to, and why. */
const NOT_DRIVEN: Partial<Record<FailureCode, string>> = {
  internal: "is what nobody foresaw; a request that led to it would be a fault to mend",
  answered_elsewhere: "is why an attempt was given up whose request was answered by another one; the log has it",
};

const STREAM_HEAD = { "content-type": "text/event-stream", "transfer-encoding": "chunked" };

/** What a careless provider says of a request: with which credential it came. */
const credentialOf = (request: ReceivedRequest): string =>
  `Bad: ${request.header("authorization") ?? request.header("x-api-key")}.`;

/** An error that repeats it wherever there is room. */
function echo(request: ReceivedRequest): Script {
  const said = credentialOf(request);
  const body = { error: { message: said, type: said, code: said, param: said } };
  return json(401, body, { "x-request-id": said, "retry-after": said, "x-ratelimit-key": said });
}

const issuers: TokenIssuer[] = [];
const disposables: AsyncDisposable[] = [];
const gateways: Record<string, GatewayProcess> = {};
/** Everything that clients received, headers and all. */
const received: { readonly what: string; readonly wire: string }[] = [];

/**
 * What requests get for now that ask for no list of models. No queue: a request that never comes would leave its answer to
 * the next test, and a listing in the background would take it away.
 */
let driven: Answer = echo;
let provider: MockProvider;
let signing: SigningKey;
let expired: string;
let otherKey: string;

async function startIssuer(): Promise<TokenIssuer> {
  const issuer = startTokenIssuer(signing);
  issuers.push(issuer);
  return issuer;
}

/** The credentials of two clouds, whose servers refuse them and repeat all that they got. */
function startClouds(): Readonly<Record<string, string>> {
  const echoAll = ({ headers, body }: TokenCall): string =>
    `${body} ${decodeURIComponent(body)} ${JSON.stringify([...headers])}`;
  const server = startTokenServer(
    (call) => new Response(echoAll(call), { status: call.target === "/down" ? 503 : 400 }),
  );
  const folder = scratchFolder("leaks");
  const file = join(folder, "google.json");
  const user = { client_id: "id", client_secret: SECRETS.clientSecret, refresh_token: SECRETS.mcpToken };
  writeFileSync(file, JSON.stringify({ type: "authorized_user", ...user, token_uri: `${server.url}/token` }));
  disposables.push(server);
  return {
    VERTEX_API_URL: `${provider.url}/v1/projects/p/locations/l`,
    VERTEX_CREDENTIALS: file,
    BEDROCK_API_URL: provider.url,
    BEDROCK_REGION: "us-east-1",
    AWS_CONTAINER_CREDENTIALS_FULL_URI: `${server.url}/down`,
    AWS_CONTAINER_AUTHORIZATION_TOKEN: SECRETS.mcpToken,
  };
}

/** Models of a configuration file, each with one deployment, that fail by what the file says of them. */
function nameModels(): Readonly<Record<string, string>> {
  const folder = scratchFolder("leaks");
  const rules = {
    tokenless: "timeouts: { first_token: 50ms }",
    late: "timeouts: { total: 50ms }",
    full: "limits: { max_in_flight: 1 }",
    queued: "limits: { max_in_flight: 1, queue: { length: 1, timeout: 50ms } }",
    crowded: "limits: { max_in_flight: 1, queue: { length: 1, timeout: 1m } }",
    cooled: "cooldown: { failures: 1, for: 10m, all_cooling: refuse }",
  };
  const models = Object.entries(rules).map(
    ([name, rule]) => `  ${name}: { deployments: [{ provider: openai, model: m }], ${rule} }`,
  );
  const file = join(folder, "gateway.yaml");
  writeFileSync(file, ["models:", ...models, ""].join("\n"));
  return { DATA_DIR: folder, GATEWAY_CONFIG: file, OPENAI_API_URL: `${provider.url}/v1` };
}

const CLIENT_LIMITS = {
  CLIENT_CONNECT_TIMEOUT: "2s",
  // Longer than that of lists, which is to be the one that ends a list.
  CLIENT_RESPONSE_HEADER_TIMEOUT: "4s",
  CLIENT_TIMEOUT: "5s",
  CLIENT_STREAM_IDLE_TIMEOUT: "3s",
  MODELS_TIMEOUT: "3s",
};

beforeAll(async () => {
  const mute = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  const gone = await freePort();
  signing = await createSigningKey("ES256", "key-1");
  const untrusted = await startMockProvider({ tls: await createSelfSignedCertificate() });
  provider = await startMockProvider();
  provider.answerAlways((request) => {
    if (request.target.startsWith("/listed/")) return json(200, { data: [] });
    if (request.target.startsWith("/stalled/")) return [stall()];
    const answer = request.target.startsWith("/v1/models") ? echo : driven;
    return typeof answer === "function" ? answer(request) : answer;
  });
  const proxy = await startEgressProxy({});
  proxy.refuse(`HTTP/1.1 407 ${SECRETS.proxyPassword}\r\nContent-Length: 4\r\nConnection: close\r\n\r\nLEAK`);
  const mcp = await startMcpServer({
    intercept: () => new Response(`who is Bearer ${SECRETS.mcpToken}?`, { status: 401 }),
  });
  disposables.push(provider, proxy, mcp, { [Symbol.asyncDispose]: async () => mute.stop(true) });
  const [up, down] = await Promise.all([startIssuer(), startIssuer()]);
  const claims = { sub: SECRETS.prompt, exp: Math.floor(Date.now() / 1000) - 3600 };
  expired = await up.sign(signing, claims);
  otherKey = await down.sign(signing, { password: SECRETS.clientSecret });
  down.answer("discovery", () => new Response(`{"issuer": "${SECRETS.clientSecret}"`));

  const both = {
    LOG_LEVEL: "trace",
    ENVIRONMENT: "leaks",
    OPENAI_API_KEY: SECRETS.openAiKey,
    ANTHROPIC_API_KEY: SECRETS.anthropicKey,
    AUTH_ENABLED: "true",
    AUTH_API_KEYS: `someone:${SECRETS.staticKey}`,
    AUTH_OIDC_CLIENT_ID: AUDIENCE,
    AUTH_OIDC_CLIENT_SECRET: SECRETS.clientSecret,
    ...CLIENT_LIMITS,
  };
  const keyed = {
    GROQ_API_KEY: SECRETS.openAiKey,
    MISTRAL_API_KEY: SECRETS.openAiKey,
    DEEPSEEK_API_KEY: SECRETS.openAiKey,
  };
  [gateways["main"], gateways["strict"], gateways["busy"], gateways["listed"], gateways["open"]] = await Promise.all([
    startGateway({
      ...both,
      ...keyed,
      AUTH_OIDC_ISSUER: up.url,
      OPENAI_API_URL: `${provider.url}/v1`,
      ANTHROPIC_API_URL: `${provider.url}/v1`,
      GROQ_API_URL: `http://127.0.0.1:${gone}/v1`,
      MISTRAL_API_URL: "http://no-such-host.invalid/v1",
      DEEPSEEK_API_URL: untrusted.url,
      CUSTOM_PROVIDERS: "mute,chatless,silent,stalled",
      CHATLESS_API_URL: `${provider.url}/v1?key=${SECRETS.queryKey}`,
      CHATLESS_HEADERS: `X-Tenant: ${SECRETS.cookie}`,
      CHATLESS_APIS: "messages",
      SILENT_API_URL: `${provider.url}/v1?key=${SECRETS.queryKey}`,
      SILENT_APIS: "embeddings",
      // Another than the one whose list fails: one that failed slowly, as on a busy machine, is left alone for a while.
      STALLED_API_URL: `${provider.url}/stalled`,
      MUTE_API_KEY: SECRETS.openAiKey,
      MUTE_API_URL: `https://127.0.0.1:${mute.port}/v1`,
      DISALLOWED_MODELS: "openai/banned",
      VALIDATION: "strict",
      PROXY_WITHOUT_MODEL: "allow",
      SERVER_MAX_REQUEST_BODY_SIZE: "20000",
      SERVER_MAX_BUFFERED_BYTES: "1MiB",
      MCP_ENABLED: "true",
      MCP_SERVERS: `tools=${mcp.url}?key=${SECRETS.queryKey}`,
      MCP_TOOLS_TOKEN: SECRETS.mcpToken,
    }),
    startGateway({
      ...both,
      AUTH_OIDC_ISSUER: down.url,
      ERROR_FORMAT: "openai",
      ALLOWED_MODELS: "openai/only",
      OPENAI_API_URL: "http://openai.test/v1",
      CLIENT_PROXY: `http://user:${encodeURIComponent(SECRETS.proxyPassword)}@127.0.0.1:${gone}`,
    }),
    startGateway({
      ...both,
      AUTH_OIDC_ISSUER: up.url,
      OPENAI_API_URL: "http://openai.test/v1",
      ANTHROPIC_API_URL: "https://anthropic.test/v1",
      CUSTOM_PROVIDERS: "near",
      NEAR_API_KEY: SECRETS.openAiKey,
      NEAR_API_URL: `${provider.url}/v1`,
      CLIENT_PROXY: `http://user:${encodeURIComponent(SECRETS.proxyPassword)}@127.0.0.1:${proxy.port}`,
      CLIENT_STREAM_IDLE_TIMEOUT: "1m",
      SERVER_MAX_CONCURRENT_REQUESTS: "1",
      SERVER_SHUTDOWN_TIMEOUT: "0s",
      LOG_FORMAT: "json",
    }),
    // Every list is known.
    startGateway({
      LOG_LEVEL: "trace",
      AUTH_ENABLED: "true",
      AUTH_API_KEYS: `someone:${SECRETS.staticKey}`,
      OPENAI_API_KEY: SECRETS.openAiKey,
      OPENAI_API_URL: `${provider.url}/listed`,
    }),
    startGateway({ LOG_LEVEL: "trace", OPENAI_API_KEY: SECRETS.openAiKey, OPENAI_API_URL: `${provider.url}/v1` }),
  ]);
  const place = openFolder();
  disposables.push(place);
  const keeping = {
    ...both,
    AUTH_OIDC_ISSUER: up.url,
    CUSTOM_PROVIDERS: "chatless",
    CHATLESS_API_URL: `${provider.url}/v1?key=${SECRETS.queryKey}`,
    CHATLESS_APIS: "messages",
  };
  [gateways["keeping"], gateways["forgetting"]] = await Promise.all([
    startGateway({ ...keeping, ...place.settings }),
    startGateway({
      ...keeping,
      RESPONSES_STORE: "redis",
      RESPONSES_STORE_URL: `redis://:${encodeURIComponent(SECRETS.proxyPassword)}@127.0.0.1:${gone}`,
    }),
  ]);
  gateways["named"] = await startGateway({
    ...both,
    AUTH_OIDC_ISSUER: up.url,
    ...nameModels(),
    HISTORY_ENABLED: "true",
    DATABASE_URL: `postgres://user:${encodeURIComponent(SECRETS.proxyPassword)}@127.0.0.1:${gone}/db`,
  });
  gateways["clouds"] = await startGateway({ ...both, AUTH_OIDC_ISSUER: up.url, ...startClouds() });
  const closed = untrusted.stop.bind(untrusted);
  disposables.push({ [Symbol.asyncDispose]: closed });
});

afterAll(async () => {
  await Promise.all(Object.values(gateways).map((gateway) => gateway.stop()));
  await Promise.all([...disposables, ...issuers].map((part) => part[Symbol.asyncDispose]()));
});

interface Sent {
  readonly method?: string;
  readonly target: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

const TALK = {
  messages: [
    { role: "user", content: SECRETS.prompt },
    {
      role: "assistant",
      content: null,
      tool_calls: [{ id: "1", type: "function", function: { name: "f", arguments: SECRETS.toolArguments } }],
    },
    { role: "tool", tool_call_id: "1", content: SECRETS.toolArguments },
  ],
};
const chat = (model: string, more: object = {}): Sent => ({
  target: "/v1/chat/completions",
  body: { model, ...TALK, api_key: SECRETS.queryKey, ...more },
});
const proxied = (target: string, method = "POST"): Sent => ({
  method,
  target,
  body: method === "GET" ? undefined : TALK,
});

/** Sends a request with every secret that a client has. */
async function send(gateway: GatewayProcess, request: Sent, token: string = SECRETS.staticKey): Promise<RawClient> {
  const client = await openRawClient(gateway.port);
  const { method = "POST", target, headers = {}, body } = request;
  const content = body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body);
  const mark = target.includes("?") ? "&" : "?";
  await client.request(method, `${target}${mark}key=${SECRETS.queryKey}`, {
    headers: {
      connection: "close",
      authorization: `Bearer ${token}`,
      cookie: `session=${SECRETS.cookie}`,
      "x-api-key": token,
      "user-agent": "test",
      "content-type": "application/json",
      ...headers,
    },
    ...(content !== undefined && { body: content }),
  });
  return client;
}

async function receive(what: string, client: RawClient): Promise<string> {
  const { wire } = await client.untilClosed(5000);
  const text = Buffer.from(wire).toString();
  received.push({ what, wire: text });
  return text;
}

interface Drive {
  readonly code: FailureCode;
  readonly request: Sent;
  readonly on?: "strict" | "busy" | "listed" | "open" | "clouds" | "keeping" | "forgetting";
  readonly token?: () => string;
  /** What the provider answers to it. */
  readonly answer?: Answer;
  /** The failure comes within the answer, after its head with status 200. */
  readonly late?: true;
}

const IMAGE = [{ role: "user", content: [{ type: "image_url", image_url: { url: `https://h/?${SECRETS.prompt}` } }] }];
const EVENT = dataEvent({ choices: [] });
/** Opens when the client has the beginning of a late failure's answer. */
let amid = createGate();

/** An id as the gateway makes them. */
const KEPT = `resp_gw${"0".repeat(32)}`;

const DRIVES: readonly Drive[] = [
  { code: "invalid_request", request: chat("openai/m", { messages: SECRETS.prompt }) },
  {
    code: "invalid_request",
    request: chat("openai/m", { messages: [{ role: SECRETS.prompt, content: SECRETS.prompt }] }),
  },
  { code: "invalid_request", request: chat("openai/m", { temperature: SECRETS.prompt }) },
  {
    code: "invalid_request",
    request: chat("openai/m", { tools: [{ type: "function", function: { name: [SECRETS.prompt] } }] }),
  },
  {
    code: "invalid_request",
    request: { target: "/v1/responses", body: { model: "openai/m", input: { a: SECRETS.prompt } } },
  },
  {
    code: "invalid_request",
    request: { target: "/v1/embeddings", body: { model: "openai/m", input: { a: SECRETS.prompt } } },
  },
  {
    code: "invalid_request",
    request: { target: "/v1/messages", body: { model: "anthropic/m", max_tokens: SECRETS.prompt, ...TALK } },
  },
  { code: "malformed_body", request: { target: "/v1/chat/completions", body: SECRETS.prompt } },
  {
    code: "malformed_body",
    request: { target: "/v1/chat/completions", body: `{"model":"openai/m","messages":["${SECRETS.prompt}` },
  },
  { code: "malformed_body", request: { target: "/v1/messages", body: `{"${SECRETS.prompt}` } },
  { code: "malformed_body", request: { ...chat("openai/m"), headers: { "content-encoding": "gzip" } } },
  {
    code: "body_too_complex",
    request: { target: "/v1/chat/completions", body: `{"${SECRETS.prompt}":`.repeat(65) },
  },
  { code: "unsupported_encoding", request: { ...chat("openai/m"), headers: { "content-encoding": "x-secret" } } },
  {
    code: "unsupported_media_type",
    request: { ...chat("openai/m"), headers: { "content-type": `text/plain; ${SECRETS.wrongToken}` } },
  },
  {
    code: "unsupported_media_type",
    request: { ...chat("openai/m"), headers: { "content-type": `text/${SECRETS.wrongToken}` } },
  },
  { code: "host_not_allowed", request: { ...chat("openai/m"), headers: { host: "gateway.example" } }, on: "open" },
  {
    code: "origin_not_allowed",
    request: { ...chat("openai/m"), headers: { origin: "https://page.example" } },
    on: "open",
  },
  {
    code: "origin_not_allowed",
    request: { ...chat("openai/m"), headers: { "sec-fetch-site": SECRETS.wrongToken } },
    on: "open",
  },
  { code: "body_too_large", request: chat("openai/m", { filler: "x".repeat(20_000) }) },
  { code: "body_too_large", request: { target: "/proxy/openai/x", body: { ...TALK, filler: "x".repeat(20_000) } } },
  { code: "metrics_push_disabled", request: { target: "/v1/metrics", body: TALK } },
  { code: "route_not_found", request: { method: "GET", target: `/v1/${encodeURIComponent(SECRETS.prompt)}` } },
  { code: "url_too_long", request: { method: "GET", target: `/v1/${SECRETS.wrongToken.repeat(520)}` } },
  { code: "method_not_allowed", request: { method: "DELETE", target: "/v1/chat/completions" } },
  {
    code: "model_not_found",
    request: { method: "GET", target: `/v1/models/openai/${encodeURIComponent(SECRETS.prompt)}` },
  },
  {
    code: "origin_not_allowed",
    request: {
      ...proxied(`/proxy/openai/${SECRETS.wrongToken}`, "OPTIONS"),
      headers: { origin: `https://${SECRETS.wrongToken}`, "access-control-request-method": "POST" },
    },
  },
  { code: "unauthorized", request: chat("openai/m"), token: () => SECRETS.wrongToken },
  { code: "unauthorized", request: chat("openai/m"), token: () => `${SECRETS.staticKey}x` },
  { code: "unauthorized", request: chat("openai/m"), token: () => expired },
  { code: "unauthorized", request: chat("openai/m"), token: () => otherKey },
  { code: "unauthorized", request: { target: "/v1/messages", body: TALK }, token: () => SECRETS.wrongToken },
  { code: "authentication_unavailable", request: chat("openai/m"), on: "strict", token: () => otherKey },
  {
    code: "provider_not_found",
    request: { ...chat("m"), target: `/v1/chat/completions?provider=${SECRETS.wrongToken}` },
  },
  { code: "provider_not_found", request: proxied(`/proxy/${SECRETS.wrongToken}/x`) },
  { code: "provider_key_missing", request: chat("moonshot/m") },
  { code: "provider_undetermined", request: chat("unknown-model"), on: "listed" },
  { code: "model_lists_incomplete", request: chat("unknown-model") },
  { code: "model_unidentified", request: proxied("/proxy/openai/x"), on: "strict" },
  { code: "model_unidentified", request: proxied(`/proxy/openai/${SECRETS.wrongToken}`, "GET"), on: "strict" },
  { code: "model_not_allowed", request: chat("openai/other"), on: "strict" },
  { code: "model_disallowed", request: chat("openai/banned") },
  { code: "vision_disabled", request: chat("openai/m", { messages: IMAGE }) },
  { code: "chat_not_supported", request: chat("silent/m") },
  {
    code: "messages_not_supported",
    request: {
      target: "/v1/messages",
      body: { model: "silent/m", max_tokens: 1, messages: [{ role: "user", content: SECRETS.prompt }] },
    },
  },
  {
    code: "responses_not_supported",
    request: { target: "/v1/responses", body: { model: "silent/m", input: SECRETS.prompt } },
  },
  {
    code: "unsupported_parameter",
    request: {
      target: "/v1/responses",
      body: { model: "chatless/m", input: SECRETS.prompt, previous_response_id: SECRETS.wrongToken },
    },
  },
  {
    code: "previous_response_not_found",
    request: {
      target: "/v1/responses",
      body: { model: "chatless/m", input: SECRETS.prompt, previous_response_id: "resp_1" },
    },
    on: "keeping",
  },
  {
    code: "item_not_found",
    request: {
      target: "/v1/responses",
      body: { model: "chatless/m", input: [{ type: "item_reference", id: "msg_1" }] },
    },
    on: "keeping",
  },
  { code: "response_not_found", request: { method: "GET", target: `/v1/responses/${KEPT}` }, on: "keeping" },
  { code: "response_store_unavailable", request: { method: "GET", target: `/v1/responses/${KEPT}` }, on: "forgetting" },
  {
    code: "generate_not_supported",
    request: {
      target: `/v1beta/models/silent/m:generateContent?key=${SECRETS.wrongToken}`,
      body: { contents: [{ parts: [{ text: SECRETS.prompt }] }] },
    },
  },
  {
    code: "completions_not_supported",
    request: { target: "/v1/completions", body: { model: "anthropic/m", prompt: SECRETS.prompt } },
  },
  {
    code: "websocket_not_supported",
    request: {
      ...proxied(`/proxy/openai/${SECRETS.wrongToken}`, "GET"),
      headers: { upgrade: "websocket", connection: "close, Upgrade" },
    },
  },
  {
    code: "responses_not_supported",
    request: proxied(`/v1/responses/${SECRETS.wrongToken}?provider=anthropic`, "GET"),
  },
  {
    code: "embeddings_not_supported",
    request: { target: "/v1/embeddings", body: { model: "anthropic/m", input: SECRETS.prompt } },
  },
  { code: "mcp_not_exposed", request: { method: "GET", target: "/v1/mcp/tools" } },
  { code: "path_not_allowed", request: proxied(`/proxy/openai/..%2f${SECRETS.wrongToken}`) },
  { code: "provider_error", request: chat("openai/m") },
  { code: "provider_error", request: chat("openai/m", { stream: true }) },
  {
    code: "provider_error",
    request: {
      target: "/v1/messages",
      body: { model: "anthropic/m", max_tokens: 1, messages: [{ role: "user", content: SECRETS.prompt }] },
    },
  },
  {
    code: "provider_error",
    request: chat("openai/m"),
    answer: (request) => json(500, `<pre>${credentialOf(request)}</pre>`),
  },
  {
    code: "provider_error",
    request: chat("openai/m"),
    answer: (request) => json(429, { detail: [{ loc: [credentialOf(request)], msg: credentialOf(request) }] }),
  },
  { code: "provider_credentials_invalid", request: chat("vertex/m"), on: "clouds" },
  { code: "provider_credentials_invalid", request: proxied("/proxy/vertex/x", "GET"), on: "clouds" },
  { code: "provider_credentials_unavailable", request: chat("bedrock/openai.gpt-oss-20b"), on: "clouds" },
  { code: "provider_credentials_unavailable", request: proxied("/proxy/bedrock/x"), on: "clouds" },
  { code: "upstream_unreachable", request: chat("groq/m") },
  { code: "upstream_unreachable", request: proxied("/proxy/groq/x") },
  { code: "upstream_dns_failure", request: chat("mistral/m") },
  { code: "upstream_dns_failure", request: proxied("/proxy/mistral/x", "GET") },
  { code: "upstream_tls_failure", request: chat("deepseek/m") },
  { code: "upstream_tls_failure", request: proxied("/proxy/deepseek/x") },
  { code: "upstream_reset", request: chat("openai/m"), answer: [reset()] },
  { code: "upstream_reset", request: chat("openai/m"), answer: closeWithoutAnswer() },
  { code: "upstream_reset", request: proxied("/proxy/openai/x"), answer: [reset()] },
  {
    code: "upstream_reset",
    request: chat("openai/m"),
    answer: [head(200, { "content-length": "99" }), chunk("{"), reset()],
  },
  {
    code: "upstream_reset",
    request: chat("openai/m", { stream: true }),
    answer: () => [head(200, STREAM_HEAD), chunk(EVENT), wait(amid), close()],
    late: true,
  },
  {
    code: "upstream_reset",
    request: proxied("/proxy/openai/x", "GET"),
    answer: () => [head(200, STREAM_HEAD), chunk(EVENT), wait(amid), close()],
    late: true,
  },
  {
    code: "upstream_invalid_response",
    request: chat("openai/m"),
    answer: [raw(`SSH-2.0 ${SECRETS.openAiKey}\r\n\r\n`), close()],
  },
  {
    code: "upstream_invalid_response",
    request: proxied("/proxy/openai/x"),
    answer: [raw(`HTTP/9 ${SECRETS.openAiKey}\r\n\r\n`), close()],
  },
  { code: "upstream_empty_response", request: chat("openai/m"), answer: json(200, "") },
  { code: "upstream_redirect", request: chat("openai/m"), answer: redirect(`https://h/?key=${SECRETS.openAiKey}`) },
  { code: "proxy_unreachable", request: chat("openai/only"), on: "strict" },
  { code: "proxy_unreachable", request: { target: "/proxy/openai/x", body: { model: "only", ...TALK } }, on: "strict" },
  { code: "proxy_refused", request: chat("openai/m"), on: "busy" },
  { code: "proxy_refused", request: proxied("/proxy/anthropic/x"), on: "busy" },
  { code: "models_failed", request: { method: "GET", target: "/v1/models?provider=openai" } },
  { code: "models_failed", request: { method: "GET", target: "/v1/models?provider=mistral" } },
  { code: "models_timeout", request: { method: "GET", target: "/v1/models?provider=stalled" } },
  { code: "connect_timeout", request: chat("mute/m") },
  { code: "response_header_timeout", request: chat("openai/m"), answer: [stall()] },
  {
    code: "total_timeout",
    request: chat("openai/m"),
    answer: [head(200, { "content-length": "99" }), chunk("{"), stall()],
  },
  {
    code: "stream_idle_timeout",
    request: chat("openai/m", { stream: true }),
    answer: [head(200, STREAM_HEAD), chunk(EVENT), stall()],
    late: true,
  },
];

describe("no secret is in the answer or the log", () => {
  test.each(DRIVES.map((drive, index) => [drive.code, index, drive] as const))("of %s (%i)", async (code, _, drive) => {
    const gateway = gateways[drive.on ?? "main"];
    if (!gateway) throw new Error("it has not started");
    const before = gateway.log.length;
    driven = drive.answer ?? echo;
    amid = createGate();
    const client = await send(gateway, drive.request, drive.token?.());
    if (drive.late) await client.nextBytes();
    amid.open();
    const wire = await receive(code, client);
    const status = Number(wire.slice("HTTP/1.1 ".length).slice(0, 3));
    if (drive.late) expect(status).toBe(200);
    else expect(status).toBeGreaterThanOrEqual(400);
    const isSettled = () => gateway.log.slice(before).some((line) => line["failure"] === code && "request_id" in line);
    await gateway.logged(isSettled, 3000);
    expect(findSecrets(wire)).toEqual([]);
    expect(findSecrets(gateway.output().stdout)).toEqual([]);
  });

  test("of errors that /proxy relays", async () => {
    driven = echo;
    for (const target of ["/proxy/openai/x", "/proxy/anthropic/v1/x"]) {
      const wire = await receive("a relayed error", await send(gateways["main"] as GatewayProcess, proxied(target)));
      expect(wire).toContain("***");
      expect(findSecrets(wire)).toEqual([]);
    }
  });

  test("of client_gone, before and amid the answer", async () => {
    const gateway = gateways["main"] as GatewayProcess;
    for (const answer of [[stall()], [head(200, STREAM_HEAD), chunk(EVENT), stall()]]) {
      const gate = createGate();
      const before = gateway.log.length;
      driven = [wait(gate), ...answer];
      gate.open();
      const asked = provider.requests.length;
      const client = await send(gateway, chat("openai/m", { stream: true }));
      if (answer.length > 1) await client.nextBytes();
      while (provider.requests.length === asked) await Bun.sleep(1);
      client.leave();
      await gateway.logged(() => gateway.log.slice(before).some((line) => line["failure"] === "client_gone"));
    }
  });

  test("of body_interrupted", async () => {
    const chunked = { target: "/v1/chat/completions", headers: { "transfer-encoding": "chunked" } };
    const client = await send(gateways["main"] as GatewayProcess, chunked);
    await client.send(`${SECRETS.prompt}\r\n`);
    expect(await receive("body_interrupted", client)).toContain("The request body ended early");
  });

  test("of client_stalled", async () => {
    const gateway = gateways["main"] as GatewayProcess;
    driven = [head(200, STREAM_HEAD), chunk(EVENT), flood(64 * 1024 * 1024)];
    const client = await send(gateway, chat("openai/m", { stream: true }));
    await client.head();
    client.pause();
    await gateway.logged((line) => line["failure"] === "client_stalled");
    client.resume();
    expect(await receive("client_stalled", client)).toContain("did not read");
  });

  test("of memory_exhausted", async () => {
    const gateway = gateways["main"] as GatewayProcess;
    const head = `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: Bearer ${SECRETS.staticKey}\r\ntransfer-encoding: chunked\r\n\r\n`;
    const piece = `${SECRETS.prompt} `.repeat(1000).slice(0, 19_000);
    const uploads = await Promise.all(
      Array.from({ length: 60 }, async () => {
        const client = await openRawClient(gateway.port);
        await client.send(`${head}${piece.length.toString(16)}\r\n${piece}\r\n`);
        return client;
      }),
    );
    const refused = await Promise.race(uploads.map((client) => client.untilClosed(10_000).then(() => client)));
    expect(await receive("memory_exhausted", refused)).toContain("SERVER_MAX_BUFFERED_BYTES");
    for (const client of uploads) client.leave();
    await gateway.logged((line) => line["failure"] === "memory_exhausted");
  });

  test("of the limits of a model", async () => {
    const gateway = gateways["named"] as GatewayProcess;
    driven = [head(200, STREAM_HEAD), stall()];
    const ask = (model: string): Promise<RawClient> => send(gateway, chat(model, { stream: true }));
    expect(await receive("first_token_timeout", await ask("tokenless"))).toContain("timeouts.first_token");
    expect(await receive("request_timeout", await ask("late"))).toContain("timeouts.total");
    const isAsked = async (model: string): Promise<RawClient> => {
      const asked = provider.requests.length;
      const client = await ask(model);
      while (provider.requests.length === asked) await Bun.sleep(1);
      return client;
    };
    const holders = [await isAsked("full"), await isAsked("queued"), await isAsked("crowded")];
    expect(await receive("at_limit", await ask("full"))).toContain("max_in_flight");
    expect(await receive("queue_timeout", await ask("queued"))).toContain("429");
    // Which of the two waits is not known from outside.
    const two = [await ask("crowded"), await ask("crowded")];
    const refused = await Promise.race(two.map((client) => client.untilClosed(10_000).then(() => client)));
    expect(await receive("queue_full", refused)).toContain("queue");
    for (const client of [...holders, ...two]) client.leave();
    driven = json(500, { error: { message: "no" } });
    await receive("provider_error of a model", await send(gateway, chat("cooled")));
    expect(await receive("deployments_cooling", await send(gateway, chat("cooled")))).toContain("503");
  });

  test("of history_unavailable and request_not_found", async () => {
    const gateway = gateways["named"] as GatewayProcess;
    const asked = await openRawClient(gateway.port);
    const headers = { authorization: `Bearer ${SECRETS.staticKey}`, connection: "close" };
    await asked.request("GET", "/v1/requests", { headers });
    expect(await receive("history_unavailable", asked)).toContain("503");
    const named = await openRawClient(gateway.port);
    await named.request("GET", "/v1/requests/x", { headers });
    expect(await receive("request_not_found", named)).toContain("404");
  });

  test("of overloaded and shutting_down", async () => {
    const gateway = gateways["busy"] as GatewayProcess;
    const gate: Gate = createGate();
    driven = [head(200, STREAM_HEAD), chunk(EVENT), wait(gate), end()];
    const stream = await send(gateway, chat("near/m", { stream: true }));
    await stream.nextBytes();
    const refused = await receive("overloaded", await send(gateway, chat("near/m")));
    expect(refused).toContain("503");
    gateway.process.kill("SIGTERM");
    await receive("shutting_down", stream);
    gate.open();
    expect(await gateway.exited()).toBe(3);
    await gateway.logged((line) => line["failure"] === "shutting_down");
  });
});

test("every failure was driven, or is told here why not", () => {
  const codes = Object.keys(FAILURES) as FailureCode[];
  const logs = Object.values(gateways).flatMap(({ log }) => log);
  const driven = new Set(logs.flatMap((line) => ("request_id" in line ? [line["failure"]] : [])));
  expect(codes.filter((code) => !driven.has(code) && NOT_DRIVEN[code] === undefined)).toEqual([]);
  expect(codes.filter((code) => driven.has(code) && NOT_DRIVEN[code] !== undefined)).toEqual([]);
});

test("nothing of all that was printed or sent holds a secret, a stack, or the address of a provider", () => {
  for (const { what, wire } of received) {
    expect([what, findSecrets(wire)]).toEqual([what, []]);
    expect([what, /\bat .+:\d+:\d+/.test(wire), wire.includes(String(provider.port))]).toEqual([what, false, false]);
  }
  for (const [name, gateway] of Object.entries(gateways)) {
    const { stdout, stderr } = gateway.output();
    expect([name, findSecrets(stdout), stderr]).toEqual([name, [], ""]);
    expect(stdout).not.toMatch(/\\n\s+at /);
    expect(stdout).not.toContain(expired);
    expect(stdout).not.toContain(otherKey);
  }
});
