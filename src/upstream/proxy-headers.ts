import { credentialHeaders } from "../providers/credential-headers.ts";
import type { Provider } from "../providers/provider.ts";
import type { ResponseHeaders } from "./transport.ts";
import { redactionOf } from "../core/redact.ts";

/** Headers that belong to one connection and not to the message. https://www.rfc-editor.org/rfc/rfc9110#section-7.6.1 */
const HOP_BY_HOP = [
  "connection",
  "http2-settings",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
] as const;

/** What a client sends for the gateway itself. */
const FOR_THE_GATEWAY = [
  "host",
  "authorization",
  "x-api-key",
  "api-key",
  "x-goog-api-key",
  "cookie",
  "cookie2",
  "content-length",
  "expect",
  "x-mcp-bypass",
  "x-mcp-show-tools",
] as const;

/** What proxies before the gateway say of the client and the way to it; clients say it too, to be taken for another. */
const ABOUT_THE_WAY = [
  "forwarded",
  "via",
  "cdn-loop",
  "x-real-ip",
  "x-client-ip",
  "x-cluster-client-ip",
  "true-client-ip",
  "cf-connecting-ip",
  "cf-connecting-ipv6",
  "cf-ipcountry",
  "cf-ray",
  "cf-visitor",
  "fastly-client-ip",
  "fly-client-ip",
  "x-azure-clientip",
  "x-envoy-external-address",
] as const;
const ABOUT_THE_WAY_PREFIXES = ["x-forwarded-", "x-original-"] as const;

/** What some servers obey instead of the request line. */
const INSTEAD_OF_THE_REQUEST_LINE = [
  "x-host",
  "x-rewrite-url",
  "x-http-method",
  "x-http-method-override",
  "x-method-override",
] as const;

const DROPPED_REQUEST_HEADERS: ReadonlySet<string> = new Set([
  ...HOP_BY_HOP,
  ...FOR_THE_GATEWAY,
  ...ABOUT_THE_WAY,
  ...INSTEAD_OF_THE_REQUEST_LINE,
]);
const DROPPED_RESPONSE_HEADERS: ReadonlySet<string> = new Set([...HOP_BY_HOP, "content-length"]);

/** The header names that a message's `Connection` names as its connection's own. */
function namedByConnection(headers: ResponseHeaders): ReadonlySet<string> {
  return new Set((headers.get("connection") ?? "").split(",").map((name) => name.trim().toLowerCase()));
}

/**
 * The headers of a proxied request: the client's own without credentials, addresses, hop-by-hop headers and those that
 * its `Connection` names, and then, out of the client's reach, what the gateway adds: the provider's credential.
 */
export function proxyRequestHeaders(client: Headers, provider: Provider): Headers {
  const named = namedByConnection(client);
  const headers = new Headers();
  for (const [name, value] of client) {
    if (DROPPED_REQUEST_HEADERS.has(name)) continue;
    // What says how the body is to be read stays: without it the provider might read another body than the gateway did.
    if (named.has(name) && !name.startsWith("content-")) continue;
    if (!ABOUT_THE_WAY_PREFIXES.some((prefix) => name.startsWith(prefix))) headers.append(name, value);
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
 * The headers of a proxied answer: the provider's own without hop-by-hop headers, those that these name, and its key.
 * @param announcesLength the answer has no body of its own (HEAD, 304), so its Content-Length is a fact about another one.
 */
export function proxyResponseHeaders(
  upstream: ResponseHeaders,
  provider: Provider,
  requestId: string,
  announcesLength: boolean,
): Headers {
  const redact = redactionOf(provider, provider.key);
  const named = namedByConnection(upstream);
  const headers = new Headers();
  for (const [name, value] of upstream) {
    if (DROPPED_RESPONSE_HEADERS.has(name) || named.has(name)) continue;
    headers.append(name === "x-request-id" ? "x-upstream-request-id" : name, redact(value));
  }
  const length = upstream.get("content-length");
  if (announcesLength && length !== null) headers.set("content-length", length);
  headers.set("x-request-id", requestId);
  return headers;
}
