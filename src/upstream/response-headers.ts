import type { ResponseHeaders } from "./transport.ts";
import type { Redact } from "../core/redact.ts";

/** Response headers of a provider that clients need, under the name by which they get them. */
const RELAYED = {
  "content-type": "content-type",
  "retry-after": "retry-after",
  "retry-after-ms": "retry-after-ms",
  "x-request-id": "x-upstream-request-id",
  "request-id": "request-id",
  "openai-processing-ms": "openai-processing-ms",
  "openai-version": "openai-version",
} as const satisfies Readonly<Record<string, string>>;

const RELAYED_PREFIXES = ["x-ratelimit-", "anthropic-ratelimit-"] as const;

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

/** The name under which clients get a header of a provider, or undefined where they do not. */
function relayedNameOf(name: string): string | undefined {
  // Nearly all headers of an answer are none of these, which their first letter tells.
  if (!RELAYED_INITIALS.has(name.charCodeAt(0))) return undefined;
  if (Object.hasOwn(RELAYED, name)) return RELAYED[name as keyof typeof RELAYED];
  return RELAYED_PREFIXES.some((prefix) => name.startsWith(prefix)) ? name : undefined;
}

const RELAYED_INITIALS: ReadonlySet<number> = new Set(
  [...Object.keys(RELAYED), ...RELAYED_PREFIXES].map((name) => name.charCodeAt(0)),
);
