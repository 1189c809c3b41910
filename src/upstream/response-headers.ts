import { readRetryAfter } from "../core/retry-after.ts";
import { readLimitReset } from "./limit-reset.ts";
import type { HeaderIndex, HeaderList, ResponseHeaders, UpstreamResponse } from "./transport.ts";
import type { Redact } from "../core/redact/redact.ts";

export const indexHeaders = (list: HeaderList): HeaderIndex => Map.groupBy(list, (entry) => entry.charCodeAt(0));

const FAMILY_MEMBER = /^[a-z0-9-]+$/;

/** Whether a list has a name in lower case: `exact` if it is listed itself, `family` if only its family is. */
export type HeaderMatcher = (name: string) => "exact" | "family" | undefined;

export function createHeaderMatcher(list: HeaderList): HeaderMatcher {
  const names = new Set(list.filter((entry) => !entry.endsWith("-")));
  const families = indexHeaders(list.filter((entry) => entry.endsWith("-")));
  return (name) => {
    if (names.has(name)) return "exact";
    // Most names begin like no family, which then costs one look, and no callback for each of them.
    const alike = families.get(name.charCodeAt(0));
    return alike !== undefined && beginsWithOne(name, alike) && FAMILY_MEMBER.test(name) ? "family" : undefined;
  };
}

function beginsWithOne(name: string, families: readonly string[]): boolean {
  for (const family of families) if (name.startsWith(family)) return true;
  return false;
}

/** The header names that a message's `Connection` names as its connection's own. https://www.rfc-editor.org/rfc/rfc9110#section-7.6.1 */
export function namedByConnection(connection: string | null): ReadonlySet<string> {
  if (connection === null) return NONE;
  return new Set(connection.split(",").map((name) => name.trim().toLowerCase()));
}

const NONE: ReadonlySet<string> = new Set();

/** Whether a response is a stream of events, whatever the request asked for. */
export const isEventStream = (response: UpstreamResponse): boolean => hasContentType(response, "text/event-stream");

/** @param type in lower case, without parameters */
export function hasContentType({ headers }: UpstreamResponse, type: string): boolean {
  const said = headers.get("content-type");
  // What nearly all whole answers say: letters need not be made small for it.
  if (said === null || said === "application/json") return said === type;
  return said.toLowerCase().startsWith(type);
}

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

/** Members of these families that OpenAI and Anthropic send with each answer: one that is listed itself is found sooner. */
const USUAL_MEMBERS: HeaderList = [
  ...["limit", "remaining", "reset"].flatMap((what) => [`x-ratelimit-${what}-requests`, `x-ratelimit-${what}-tokens`]),
  ...["requests", "tokens", "input-tokens", "output-tokens"].flatMap((of) =>
    ["limit", "remaining", "reset"].map((what) => `anthropic-ratelimit-${of}-${what}`),
  ),
];

const RELAYED: HeaderList = ["content-type", ...USUAL_MEMBERS, ...LIMITS_AND_IDS];

const isRelayed = createHeaderMatcher(RELAYED);
const RELAYED_INDEX: HeaderIndex = indexHeaders(RELAYED);

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
  }, RELAYED_INDEX);
  return relayed;
}

/** The name under which clients get a header of a provider, or undefined if they do not. */
function relayedNameOf(name: string): string | undefined {
  // Of nearly all headers that are none of these, their first letter shows it.
  if (!RELAYED_INDEX.has(name.charCodeAt(0)) || isRelayed(name) === undefined) return undefined;
  return clientNameOf(name);
}

/** The provider's id of a request goes beside the gateway's own. */
export function clientNameOf(name: string): string {
  return name === "x-request-id" ? "x-upstream-request-id" : name;
}

const DECIMAL = /^\d+(?:\.\d+)?$/;

/**
 * When a server wants to be asked again: by `Retry-After-Ms`, which some providers send beside it and which is finer, by
 * `Retry-After`, in seconds or as a date, or else by when the limits are reset that are used up.
 * https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3
 * @param now milliseconds since the epoch
 * @returns milliseconds from now, never negative; undefined if the server does not say
 */
export function parseRetryAfter(headers: ResponseHeaders, now: number): number | undefined {
  const milliseconds = headers.get("retry-after-ms")?.trim() ?? "";
  if (DECIMAL.test(milliseconds)) return Number(milliseconds);
  return readRetryAfter(headers.get("retry-after"), now) ?? readLimitReset(headers, now);
}
