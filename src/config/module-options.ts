import { availableParallelism } from "node:os";
import type { Settings } from "./settings-table.ts";

/*
 * What each part of the gateway is told of the settings, in the part's own words. The parts declare these types; they fit
 * by their shape, so that no part knows the settings and the settings know no part.
 */

/** Where and how clients are listened to. */
export function listenerOptions(settings: Settings) {
  return {
    address: {
      hostname: settings.SERVER_HOST,
      port: settings.SERVER_PORT,
      unix: settings.SERVER_UNIX_SOCKET,
    },
    idleTimeoutMs: settings.SERVER_IDLE_TIMEOUT,
    tls: { certPath: settings.SERVER_TLS_CERT_PATH, keyPath: settings.SERVER_TLS_KEY_PATH },
  };
}

/** Under which names clients may ask while authentication is off. */
export function ownOriginOptions(settings: Settings) {
  const { SERVER_ALLOWED_HOSTS: allowed, SERVER_UNIX_SOCKET: unix } = settings;
  return {
    serverHost: settings.SERVER_HOST,
    // No page reaches a unix socket, and its clients ask under any name: only what the operator lists is held against them.
    allowed: unix !== undefined && allowed.length === 0 ? ["*"] : allowed,
    tls: settings.SERVER_TLS_CERT_PATH !== undefined,
  };
}

/** Whose credentials are good. */
export function authenticationOptions(settings: Settings) {
  const { AUTH_OIDC_ISSUER: url, AUTH_OIDC_AUDIENCE: audiences } = settings;
  const issuer = url !== undefined && {
    url,
    audiences: audiences.length > 0 ? audiences : [settings.AUTH_OIDC_CLIENT_ID ?? ""],
    graceMs: settings.AUTH_JWKS_GRACE,
  };
  return { apiKeys: settings.AUTH_API_KEYS, issuer: issuer || undefined };
}

/** Bounds on the JSON of requests, and of what providers and MCP servers answer. */
export function jsonLimits(settings: Settings) {
  return { depth: settings.SERVER_MAX_JSON_DEPTH, values: settings.SERVER_MAX_JSON_VALUES };
}

/** The tools of MCP servers, beside the servers themselves. */
export function toolRegistryOptions(settings: Settings) {
  return {
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
    maxResultBytes: settings.MCP_MAX_RESULT_BYTES,
  };
}

/** How long the steps of a call to a provider may take, in milliseconds. */
export function upstreamLimits(settings: Settings) {
  return {
    connectMs: settings.CLIENT_CONNECT_TIMEOUT,
    responseHeaderMs: settings.CLIENT_RESPONSE_HEADER_TIMEOUT,
    totalMs: settings.CLIENT_TIMEOUT,
    streamIdleMs: settings.CLIENT_STREAM_IDLE_TIMEOUT,
  };
}

/** How many processes share the memory of the machine, as far as the settings say; `auto` is at most one for each core. */
export function workerCount({ SERVER_WORKERS: count }: Settings): number {
  return count === "auto" ? availableParallelism() : count;
}
