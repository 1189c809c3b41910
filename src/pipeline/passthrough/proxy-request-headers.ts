import type { ClientHeaders } from "../../core/client-request.ts";
import type { ApiAccess } from "../../providers/api-access.ts";
import type { Provider } from "../../providers/provider.ts";
import { isDecodable } from "../../upstream/decode-response.ts";
import type { HeaderMatcher } from "../../upstream/response-headers.ts";
import type { HeaderList } from "../../upstream/transport.ts";
import { createRelayedHeaders } from "../relayed-headers.ts";

/**
 * The headers of a proxied request that every provider may see: what the body is, what answer is wanted, and under
 * which condition. Everything else stays in the gateway: what comes in may hold credentials, what the proxies before
 * the gateway found out about the caller (`Cf-Access-Jwt-Assertion`, `X-Amzn-Oidc-Data`, `X-Forwarded-For`), or fields
 * that some servers obey instead of the request line.
 */
const RELAYED: HeaderList = [
  "accept",
  "accept-charset",
  "accept-encoding",
  "accept-language",
  "cache-control",
  "content-digest",
  "content-disposition",
  "content-encoding",
  "content-language",
  "content-md5",
  "content-range",
  "content-type",
  "idempotency-key",
  "if-match",
  "if-modified-since",
  "if-none-match",
  "if-range",
  "if-unmodified-since",
  "last-event-id",
  "prefer",
  "range",
  "traceparent",
  "tracestate",
  "user-agent",
  // What official clients made by Stainless say about themselves and their retries.
  "x-stainless-",
];

/**
 * No member of a family may carry a credential or an identity, as `cf-aig-authorization` and `x-goog-iap-jwt-assertion`
 * do.
 */
const CREDENTIAL =
  /(?:^|-)(?:api-?key|assertion|auth|authenticated|authorization|cookie|credentials?|identity|jwt|key|password|principal|secret|signature|token)(?:-|$)/;

/** Makes the headers of a proxied request. */
export type ProxyRequestHeaders = (client: ClientHeaders, provider: Provider, access: ApiAccess) => Headers;

/**
 * Creates the function that makes the headers of proxied requests: the client's own that are allowed for every provider
 * or for this one, but for those that its `Connection` names; and then, out of the client's reach, what the gateway
 * adds: what `access` to the API says, with the provider's credential.
 */
export function createProxyRequestHeaders(): ProxyRequestHeaders {
  const relayedOf = createRelayedHeaders(
    RELAYED,
    ({ relayedHeaders, extraRequestHeaders }) => [...relayedHeaders, ...extraRequestHeaders],
    // What says how the body is to be read: without it the provider might read another body than the gateway did.
    (name) => name.startsWith("content-"),
  );
  return (client, provider, access) => headersFor(client, access, relayedOf(client, provider));
}

function headersFor(client: ClientHeaders, access: ApiAccess, relayed: HeaderMatcher): Headers {
  const headers = new Headers();
  for (const [name, value] of client) {
    const match = relayed(name);
    if (match === undefined || (match === "family" && CREDENTIAL.test(name))) continue;
    headers.append(name, value);
  }
  // Without one the runtime would add its own, and the client might get an encoding that it never asked for.
  headers.set("accept-encoding", acceptedCodings(headers.get("accept-encoding")));
  for (const [name, value] of Object.entries(access.defaults)) if (!headers.has(name)) headers.set(name, value);
  for (const [name, value] of Object.entries(access.fixed)) headers.set(name, value);
  return headers;
}

/**
 * Of the codings that a client takes those in which an error can be searched.
 * https://www.rfc-editor.org/rfc/rfc9110#section-12.5.3
 */
function acceptedCodings(wanted: string | null): string {
  if (wanted === null) return "identity";
  const accepted = wanted
    .split(",")
    .map((coding) => coding.trim())
    .filter((coding) => /^identity\s*(?:;|$)/i.test(coding) || isDecodable(coding.split(";", 1)[0] ?? ""));
  return accepted.length === 0 ? "identity" : accepted.join(", ");
}
