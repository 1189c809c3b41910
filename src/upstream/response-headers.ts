import type { ResponseHeaders } from "./transport.ts";
import { createHeaderMatcher, type HeaderList } from "../core/header-list.ts";
import type { Redact } from "../core/redact/redact.ts";

/** What providers say of their limits, of whether and when to ask again, and of the request, for clients to read. */
export const LIMITS_AND_IDS: HeaderList = [
  "anthropic-ratelimit-",
  "openai-processing-ms",
  "openai-version",
  "rate-limit-",
  "ratelimit",
  "ratelimit-",
  "ratelimitbysize-",
  "request-id",
  "retry-after",
  "retry-after-ms",
  // Cohere's. https://docs.cohere.com/docs/rate-limits
  "x-amzn-requestid",
  "x-endpoint-monthly-call-limit",
  "x-ms-",
  "x-rate-limit-",
  "x-ratelimit-",
  "x-ratelimitbysize-",
  "x-request-id",
  "x-should-retry",
  "x-trial-endpoint-call-",
];

const RELAYED: HeaderList = ["content-type", ...LIMITS_AND_IDS];

const isRelayed = createHeaderMatcher(RELAYED);

const unchanged: Redact = (value) => value;

/**
 * The allow-listed headers of a provider's answer, as a new object; nothing else of its header passes on `/v1` routes.
 * @param redact goes over each value; only errors are known to repeat what they were sent.
 */
export function relayedResponseHeaders(upstream: ResponseHeaders, redact: Redact = unchanged): Record<string, string> {
  const relayed: Record<string, string> = {};
  upstream.forEach((value, name) => {
    const relayedName = relayedNameOf(name);
    if (relayedName !== undefined) relayed[relayedName] = redact === unchanged ? value : redact(value);
  }, RELAYED_INITIALS);
  return relayed;
}

/** The name under which clients get a header of a provider, or undefined if they do not. */
function relayedNameOf(name: string): string | undefined {
  // Nearly all headers of an answer are none of these, which their first letter shows.
  if (!RELAYED_INITIALS.has(name.charCodeAt(0)) || isRelayed(name) === undefined) return undefined;
  return clientNameOf(name);
}

/** The provider's id of a request goes beside the gateway's own. */
export function clientNameOf(name: string): string {
  return name === "x-request-id" ? "x-upstream-request-id" : name;
}

const RELAYED_INITIALS: ReadonlySet<number> = new Set(RELAYED.map((name) => name.charCodeAt(0)));
