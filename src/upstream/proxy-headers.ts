import { credentialHeaders } from "../providers/credential-headers.ts";
import type { Provider } from "../providers/provider.ts";

/** Headers that belong to one connection and not to the message. https://www.rfc-editor.org/rfc/rfc9110#section-7.6.1 */
const HOP_BY_HOP = [
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
] as const;

/** What a client sends for the gateway, or about the way to it; none of it is a provider's business. */
const CLIENT_ONLY = [
  "host",
  "authorization",
  "x-api-key",
  "api-key",
  "x-goog-api-key",
  "cookie",
  "content-length",
  "expect",
  "forwarded",
  "via",
  "x-real-ip",
  "x-mcp-bypass",
  "x-mcp-show-tools",
] as const;

const DROPPED_REQUEST_HEADERS: ReadonlySet<string> = new Set([...HOP_BY_HOP, ...CLIENT_ONLY]);
const DROPPED_RESPONSE_HEADERS: ReadonlySet<string> = new Set([...HOP_BY_HOP, "content-length"]);

/**
 * The headers of a proxied request: the client's own without credentials, addresses and hop-by-hop headers, and with the
 * provider's credential. Headers named by `Connection` are not dropped: naming one would let a client remove any header.
 */
export function proxyRequestHeaders(client: Headers, provider: Provider): Headers {
  const headers = new Headers();
  for (const [name, value] of client) {
    if (!DROPPED_REQUEST_HEADERS.has(name) && !name.startsWith("x-forwarded-")) headers.append(name, value);
  }
  // Without one the runtime would add its own, and the client might get an encoding that it never asked for.
  if (!headers.has("accept-encoding")) headers.set("accept-encoding", "identity");
  for (const [name, value] of Object.entries(credentialHeaders(provider))) {
    const isDefault = name in provider.headers && headers.has(name);
    if (!isDefault) headers.set(name, value);
  }
  return headers;
}

/**
 * The headers of a proxied answer: the provider's own without hop-by-hop headers and those that these name.
 * @param announcesLength the answer has no body of its own (HEAD, 304), so its Content-Length is a fact about another one.
 */
export function proxyResponseHeaders(upstream: Headers, requestId: string, announcesLength: boolean): Headers {
  const named = new Set((upstream.get("connection") ?? "").split(",").map((name) => name.trim().toLowerCase()));
  const headers = new Headers();
  for (const [name, value] of upstream) {
    if (DROPPED_RESPONSE_HEADERS.has(name) || named.has(name)) continue;
    headers.append(name === "x-request-id" ? "x-upstream-request-id" : name, value);
  }
  const length = upstream.get("content-length");
  if (announcesLength && length !== null) headers.set("content-length", length);
  headers.set("x-request-id", requestId);
  return headers;
}
