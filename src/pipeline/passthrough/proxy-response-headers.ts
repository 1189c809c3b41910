import { type Provider, secretsOf } from "../../providers/provider.ts";
import type { ResponseHeaders } from "../../upstream/transport.ts";
import { clientNameOf, type HeaderMatcher, LIMITS_AND_IDS } from "../../upstream/response-headers.ts";
import type { HeaderList } from "../../upstream/transport.ts";
import { redactionOf } from "../../core/redact/redact.ts";
import { PROVIDER_HEADER } from "../../formats/error-body.ts";
import { createRelayedHeaders } from "../relayed-headers.ts";

/**
 * The headers of a proxied answer that clients get from every provider: what the body is, how long it is valid, where
 * it or its sequel is. Everything else stays in the gateway: it would act on the gateway's own origin (`Set-Cookie`,
 * `Access-Control-*`, `Strict-Transport-Security`, `Clear-Site-Data`, `Service-Worker-Allowed`), or on a proxy in front
 * of the gateway (`X-Accel-Redirect`, `X-Sendfile`, `Surrogate-Control`).
 */
const RELAYED: HeaderList = [
  "accept-ranges",
  "age",
  "allow",
  "cache-control",
  "content-digest",
  "content-disposition",
  "content-encoding",
  "content-language",
  "content-md5",
  "content-range",
  "content-type",
  "deprecation",
  "etag",
  "expires",
  "idempotency-replayed",
  "idempotent-replayed",
  "last-modified",
  "location",
  "operation-location",
  "preference-applied",
  "sunset",
  "vary",
  ...LIMITS_AND_IDS,
];

/**
 * Answers come from the gateway's origin, where its documentation and perhaps other pages are too: a browser that opens
 * one must run nothing of it there, and must not treat it as another type than it declares.
 */
const INERT = {
  "content-security-policy": "sandbox; default-src 'none'",
  "x-content-type-options": "nosniff",
} as const;

/**
 * Makes the headers of a proxied answer: the provider's own that are allowed for every provider or for this one, but
 * for those that its `Connection` names, with its key masked.
 */
export type ProxyResponseHeaders = (
  upstream: ResponseHeaders,
  provider: Provider,
  answered: AnsweredRequest,
) => Headers;

interface AnsweredRequest {
  /** What the provider says relative to it is made absolute, because to the client it would mean a place at the gateway. */
  readonly url: string;
  readonly requestId: string;
  readonly isError: boolean;
  /** The answer has no body of its own (HEAD, 304), so its Content-Length is a fact about another one. */
  readonly announcesLength: boolean;
}

/** Creates the function that makes them. */
export function createProxyResponseHeaders(): ProxyResponseHeaders {
  const relayedOf = createRelayedHeaders(RELAYED, ({ relayedHeaders }) => relayedHeaders);
  return (upstream, provider, answered) => headersFor(upstream, provider, relayedOf(upstream, provider), answered);
}

function headersFor(
  upstream: ResponseHeaders,
  provider: Provider,
  relayed: HeaderMatcher,
  { url, requestId, isError, announcesLength }: AnsweredRequest,
): Headers {
  const redact = redactionOf(secretsOf(provider));
  const headers = new Headers(INERT);
  for (const [name, value] of upstream) {
    if (relayed(name) === undefined) continue;
    const rewritten = rewrite(name, value, url);
    if (rewritten !== undefined) headers.append(clientNameOf(name), redact(rewritten));
  }
  // What a provider asks of the proxy before the gateway is dropped with the rest, and this is still right for streams.
  if (/^text\/event-stream\b/i.test(headers.get("content-type") ?? "")) headers.set("x-accel-buffering", "no");
  const length = upstream.get("content-length");
  if (announcesLength && length !== null) headers.set("content-length", length);
  headers.set("x-request-id", requestId);
  if (isError) headers.set(PROVIDER_HEADER, provider.id);
  return headers;
}

function rewrite(name: string, value: string, url: string): string | undefined {
  switch (name) {
    case "location":
    case "operation-location":
      return absoluteUrl(value, url);
    case "cache-control":
      return forOneCaller(value);
    default:
      return value;
  }
}

/** @returns an absolute URL as it is, a relative one as the provider meant it, undefined if it is none at all */
function absoluteUrl(reference: string, base: string): string | undefined {
  if (URL.canParse(reference)) return reference;
  // What was asked may have parameters of the operator's in its query.
  const place = base.split("?", 1)[0];
  return URL.canParse(reference, place) ? new URL(reference, place).href : undefined;
}

/**
 * Directives by which caches may keep the answer to one credential for everybody.
 * https://www.rfc-editor.org/rfc/rfc9111#section-3.5
 */
const FOR_EVERYBODY = /^\s*(?:public|s-maxage|must-revalidate|proxy-revalidate)\s*(?:=|$)/i;

/** What a provider says of its own callers does not hold for those of the gateway, who are all one caller to it. */
function forOneCaller(cacheControl: string): string {
  const directives = cacheControl.split(",");
  const kept = directives.filter((directive) => !FOR_EVERYBODY.test(directive));
  if (kept.length === directives.length) return cacheControl;
  return ["private", ...kept.map((directive) => directive.trim())].join(", ");
}
