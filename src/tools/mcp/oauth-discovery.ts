import { isJsonObject, type JsonObject, parseBytes, toWellFormed } from "../../core/json/parse.ts";
import { readBoundedBody } from "../../core/read-bounded-body.ts";
import { McpError } from "./errors.ts";
import type { SessionOptions } from "./session.ts";

/** Metadata and answers with tokens are small. */
const MAX_BYTES = 256 * 1024;

/** Where tokens are got, and how the client shows there who it is. */
export interface TokenEndpoint {
  readonly url: string;
  /** Credentials in the body instead of the header; the header is what every server must take. */
  readonly wantsBody: boolean;
  /** What the server calls itself, if it says so: what tokens are asked for. */
  readonly resource: string | undefined;
}

/** An answer: its status, and its body if that is a JSON object. */
export interface JsonAnswer {
  readonly status: number;
  readonly body: JsonObject | undefined;
}

type Fetch = SessionOptions["fetch"];

type Asked = "server" | "authorization server";

/**
 * Asks for a JSON object of bounded size, without redirects and the environment's proxies.
 * @param asked who is asked: the MCP server itself, or the authorization server of it
 * @throws McpError if there is no answer; the reason of the signal
 */
export async function fetchJson(
  fetch: Fetch,
  url: string,
  asked: Asked,
  init: BunFetchRequestInit,
): Promise<JsonAnswer> {
  try {
    const response = await fetch(url, { ...init, redirect: "manual", proxy: false });
    const bytes = await readBoundedBody(response, MAX_BYTES);
    if (!bytes) {
      throw new McpError("unauthorized", `answered with more than ${MAX_BYTES} bytes to a request for a token`);
    }
    const parsed = await parseBytes(toWellFormed(bytes));
    const body = "value" in parsed && isJsonObject(parsed.value) ? parsed.value : undefined;
    return { status: response.status, body };
  } catch (error) {
    if (error instanceof McpError) throw error;
    if (init.signal?.aborted) throw init.signal.reason;
    if (asked === "server") throw (await import("./read-session-error.ts")).readSessionError(error, false);
    throw new McpError("unauthorized", "has an authorization server that cannot be reached");
  }
}

/**
 * Finds the token endpoint of an MCP server: its metadata name its authorization server, whose metadata name the
 * endpoint. https://www.rfc-editor.org/rfc/rfc9728 and https://www.rfc-editor.org/rfc/rfc8414
 * @param named the address of the server's metadata if it has said that
 * @returns undefined if no metadata are where they should be
 * @throws McpError `unauthorized` if the metadata cannot be used
 */
export async function discoverTokenEndpoint(
  fetch: Fetch,
  serverUrl: string,
  named: string | undefined,
  signal: AbortSignal,
): Promise<TokenEndpoint | undefined> {
  const init = { headers: { accept: "application/json" }, signal };
  const firstFound = async (urls: readonly string[], asked: Asked): Promise<JsonObject | undefined> => {
    for (const url of urls) {
      const { status, body } = await fetchJson(fetch, url, asked, init);
      if (status === 200 && body) return body;
    }
    return undefined;
  };

  const server = new URL(serverUrl);
  const isSecure = server.protocol === "https:";
  const resourceUrls = named === undefined ? wellKnown(server, "oauth-protected-resource") : [named];
  if (!resourceUrls.every((url) => isAcceptable(url, isSecure))) {
    throw new McpError("unauthorized", "names metadata that are not at an acceptable URL");
  }
  const resource = await firstFound(resourceUrls, "server");
  if (resource && !isResource(resource["resource"], server)) {
    throw new McpError("unauthorized", "has metadata of another resource");
  }
  const [issuer] = Array.isArray(resource?.["authorization_servers"]) ? resource["authorization_servers"] : [];
  const authorization = typeof issuer === "string" ? issuer : server.origin;
  if (!isAcceptable(authorization, isSecure)) {
    throw new McpError("unauthorized", "names an authorization server that is not at an acceptable URL");
  }
  const metadata = await firstFound(metadataUrls(new URL(authorization)), "authorization server");
  if (!metadata) {
    if (!resource) return undefined;
    throw new McpError("unauthorized", "names an authorization server that has no metadata");
  }
  // Metadata that speak for another server must not decide where the secret goes.
  if (!isSameUrl(metadata["issuer"], authorization)) {
    throw new McpError("unauthorized", "names an authorization server whose metadata are of another issuer");
  }
  const url = metadata["token_endpoint"];
  if (typeof url !== "string" || !isAcceptable(url, isSecure)) {
    throw new McpError("unauthorized", "names an authorization server without an acceptable token endpoint");
  }
  const methods = metadata["token_endpoint_auth_methods_supported"];
  const wantsBody = Array.isArray(methods) && !methods.includes("client_secret_basic");
  return {
    url,
    wantsBody: wantsBody && methods.includes("client_secret_post"),
    resource: typeof resource?.["resource"] === "string" ? resource["resource"] : undefined,
  };
}

/** Plain HTTP only if the server itself is called that way. */
function isAcceptable(text: string, isSecure: boolean): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password } = new URL(text);
  return (protocol === "https:" || (protocol === "http:" && !isSecure)) && username + password === "";
}

/** Addresses of metadata about a URL, the most precise one first. */
function wellKnown({ origin, pathname }: URL, name: string): string[] {
  const path = pathname.replace(/\/$/, "");
  return [...new Set([`${origin}/.well-known/${name}${path}`, `${origin}/.well-known/${name}`])];
}

/** In the order of the MCP specification. */
function metadataUrls(issuer: URL): string[] {
  const path = issuer.pathname.replace(/\/$/, "");
  const names = ["oauth-authorization-server", "openid-configuration"];
  const inserted = names.map((name) => `${issuer.origin}/.well-known/${name}${path}`);
  return [...new Set([...inserted, `${issuer.origin}${path}/.well-known/openid-configuration`])];
}

/** Whether metadata are of a server: of its URL, or of one that the URL is below. */
function isResource(resource: unknown, server: URL): boolean {
  if (typeof resource !== "string" || !URL.canParse(resource)) return false;
  const { origin, pathname } = new URL(resource);
  const path = pathname.replace(/\/$/, "");
  return origin === server.origin && (server.pathname === path || `${server.pathname}/`.startsWith(`${path}/`));
}

function isSameUrl(text: unknown, expected: string): boolean {
  return typeof text === "string" && text.replace(/\/$/, "") === expected.replace(/\/$/, "");
}
