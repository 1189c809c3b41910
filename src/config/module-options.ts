import { availableParallelism } from "node:os";
import { defaultBudget, readMemoryLimit } from "../core/memory/limit.ts";
import { VISUAL_SIGNS } from "../formats/visual-signs.ts";
import { entriesFor } from "./issuer-entries.ts";
import type { Config } from "./load-config.ts";
import type { Settings } from "./settings-table.ts";

/*
 * The settings that each part of the gateway is given, in the part's own terms. The parts declare these types, which
 * match structurally, so that no part knows the settings and the settings know no part.
 */

/** Where and how clients are listened to; nothing of it changes while the gateway runs. */
export function listenerOptions(settings: Settings) {
  return {
    address: {
      hostname: settings.SERVER_HOST,
      port: settings.SERVER_PORT,
      unix: settings.SERVER_UNIX_SOCKET,
    },
    idleTimeoutMs: settings.SERVER_IDLE_TIMEOUT,
  };
}

/** The files of certificate and key. */
export function tlsFiles(settings: Settings) {
  return { certPath: settings.SERVER_TLS_CERT_PATH, keyPath: settings.SERVER_TLS_KEY_PATH };
}

/** Under which names clients may ask while authentication is off. */
function ownOriginOptions(settings: Settings) {
  const { SERVER_ALLOWED_HOSTS: allowed, SERVER_UNIX_SOCKET: unix } = settings;
  return {
    serverHost: settings.SERVER_HOST,
    // No page reaches a unix socket, and its clients use any name: only what the operator lists is enforced.
    allowed: unix !== undefined && allowed.length === 0 ? ["*"] : allowed,
    tls: settings.SERVER_TLS_CERT_PATH !== undefined,
  };
}

/** Whose credentials are good. */
export function authenticationOptions(settings: Settings) {
  const { AUTH_OIDC_ISSUER: names, AUTH_OIDC_AUDIENCE: listed, AUTH_OIDC_CLIENT_ID: client } = settings;
  const audiences = listed.length > 0 || client === undefined ? listed : [client];
  const issuers = names.map((issuer) => {
    const own = (entries: readonly string[]) => entriesFor(issuer, entries, names);
    return {
      issuer,
      audiences: own(audiences),
      audienceClaims: settings.AUTH_OIDC_AUDIENCE_CLAIM,
      types: settings.AUTH_OIDC_TOKEN_TYPES,
      teamClaim: settings.TELEMETRY_TEAM_CLAIM,
      discoveryUrl: own(settings.AUTH_OIDC_DISCOVERY_URL)[0],
      keysUrl: own(settings.AUTH_OIDC_JWKS_URL)[0],
      followsRedirects: settings.AUTH_OIDC_FOLLOW_REDIRECTS,
      graceMs: settings.AUTH_JWKS_GRACE,
    };
  });
  return { apiKeys: settings.AUTH_API_KEYS, issuers };
}

/** Bounds on the JSON of requests, and of what providers and MCP servers answer. */
function jsonLimits(settings: Settings) {
  return { depth: settings.SERVER_MAX_JSON_DEPTH, values: settings.SERVER_MAX_JSON_VALUES };
}

/** What clients reach. */
export function routesOptions(settings: Settings) {
  return {
    ownOrigin: ownOriginOptions(settings),
    corsOrigins: settings.SERVER_CORS_ORIGINS,
    envelope: settings.ERROR_FORMAT,
    maxConcurrent: settings.SERVER_MAX_CONCURRENT_REQUESTS,
    exposesTools: settings.MCP_EXPOSE,
    hasDocumentation: settings.SWAGGER_ENABLED,
    showsDocumentationToAll: settings.SWAGGER_PUBLIC,
    client: settings.LOG_CLIENT ? { trustedProxies: settings.SERVER_TRUSTED_PROXIES } : undefined,
  };
}

/** What models may be sent to look at. */
export function visionOptions(settings: Settings) {
  return { isEnabled: settings.ENABLE_VISION, isStrict: settings.VALIDATION === "strict" };
}

/** How the gateway ends. */
export function drainOptions({ SERVER_DRAIN_DELAY: delayMs, SERVER_SHUTDOWN_TIMEOUT: timeoutMs }: Settings) {
  return { delayMs, timeoutMs, wholeMs: delayMs + timeoutMs };
}

/** The tools of MCP servers. */
export function toolsOptions(settings: Settings, servers: Config["mcpServers"]) {
  return {
    servers,
    maxFurtherSteps: settings.MCP_MAX_ITERATIONS,
    maxConversationBytes: settings.MCP_MAX_CONVERSATION_BYTES,
    limits: {
      callMs: settings.MCP_REQUEST_TIMEOUT,
      connectMs: settings.MCP_CLIENT_TIMEOUT,
      reconnectMs: settings.MCP_RECONNECT_INTERVAL,
      pollMs: settings.MCP_POLLING_INTERVAL,
    },
    jsonLimits: jsonLimits(settings),
    include: settings.MCP_INCLUDE_TOOLS,
    exclude: settings.MCP_EXCLUDE_TOOLS,
    mode: settings.MCP_TOOL_MODE,
    reducesFor: new Set(settings.MCP_REDUCE_SCHEMAS.map((id) => id.toLowerCase())),
    maxResultBytes: settings.MCP_MAX_RESULT_BYTES,
  };
}

/** The keys of all endpoints that providers are called at, those that only list models too. */
export function endpointKeys(providers: Config["providers"]): ReadonlySet<string> {
  return new Set(
    providers.flatMap(({ endpointKey, lists }) => [endpointKey, lists?.endpoint.endpointKey ?? endpointKey]),
  );
}

/** Where responses are kept, and how many; undefined if they are not. */
export function responseStoreOptions(settings: Settings) {
  const { RESPONSES_STORE: kind, RESPONSES_STORE_PATH: path = "", REDIS_URL = "" } = settings;
  const url = settings.RESPONSES_STORE_URL ?? REDIS_URL;
  const limits = {
    ttlMs: settings.RESPONSES_STORE_TTL,
    maxBytes: settings.RESPONSES_STORE_MAX_BYTES,
    maxOwnerBytes: settings.RESPONSES_STORE_MAX_CLIENT_BYTES,
    timeoutMs: settings.RESPONSES_STORE_TIMEOUT,
  };
  if (kind === "off") return undefined;
  return kind === "sqlite" ? { kind, path, ...limits } : { kind, url, ...limits };
}

/** How providers are called. */
export function upstreamOptions(settings: Settings, providers: Config["providers"]) {
  return {
    credentials: providers.flatMap(({ credential }) => credential ?? []),
    proxy: settings.CLIENT_PROXY,
    direct: settings.CLIENT_NO_PROXY,
    limits: {
      connectMs: settings.CLIENT_CONNECT_TIMEOUT,
      responseHeaderMs: settings.CLIENT_RESPONSE_HEADER_TIMEOUT,
      totalMs: settings.CLIENT_TIMEOUT,
      streamIdleMs: settings.CLIENT_STREAM_IDLE_TIMEOUT,
      streamTotalMs: settings.CLIENT_STREAM_TIMEOUT,
    },
  };
}

/** What names of models mean, and how much providers may be asked. */
export function modelOptions({ providers, keyedProviders, models, plainModels, providerRoutings }: Config) {
  return { providers, keyedProviders, models, plainModels, providerRoutings };
}

/** Which models may be used, and how long lists of them are good. */
export function routingOptions(settings: Settings) {
  return {
    allowed: settings.ALLOWED_MODELS,
    disallowed: settings.DISALLOWED_MODELS,
    ttlMs: settings.MODELS_CACHE_TTL,
    timeoutMs: settings.MODELS_TIMEOUT,
    jsonLimits: jsonLimits(settings),
  };
}

/** What requests may hold, and which parts of them are looked at. */
export function relayOptions(settings: Settings) {
  return {
    proxiesWithoutModel: settings.PROXY_WITHOUT_MODEL === "allow",
    maxBodyBytes: settings.SERVER_MAX_REQUEST_BODY_SIZE,
    jsonLimits: jsonLimits(settings),
    judge: settings.ENABLE_VISION ? undefined : VISUAL_SIGNS,
    ...{ wantsUsage: settings.STREAM_USAGE === "always", showsCost: settings.COST_HEADER },
    ...{ defaultMaxTokens: settings.DEFAULT_MAX_TOKENS, estimatesTokens: settings.COUNT_TOKENS === "estimate" },
    refusesUnsupported: settings.UNSUPPORTED_FIELDS === "refuse",
    fetchesMedia: settings.IMAGE_FETCH,
    keepAliveMs: settings.STREAM_KEEPALIVE,
  };
}

/** How much of answers is kept for clients that lose it. */
export const replayBytes = (settings: Settings): number => settings.REPLAY_CACHE_BYTES;

/** An upload below this, over the idle timeout, is not from a slow client but meant to keep a connection busy. */
const MIN_UPLOAD_BYTES_PER_SECOND = 1536;

/** How many bytes of an upload must come within one idle timeout. */
export function uploadBytesPerTimeout(settings: Settings): number {
  return Math.ceil((settings.SERVER_IDLE_TIMEOUT / 1000) * MIN_UPLOAD_BYTES_PER_SECOND);
}

/**
 * How much requests in flight may hold together in this process.
 * @param shared whether other processes of the gateway share the machine's memory
 */
export function bufferedBytes({ SERVER_MAX_BUFFERED_BYTES: bytes, SERVER_WORKERS: count }: Settings, shared: boolean) {
  if (bytes !== "auto") return bytes;
  // `auto` workers are at most one for each core.
  const workers = count === "auto" ? availableParallelism() : count;
  return defaultBudget(readMemoryLimit(), shared ? workers : 1);
}
