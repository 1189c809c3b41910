import { ERROR_ENVELOPES, type ErrorEnvelope, type ErrorEnvelopeName } from "../formats/error-body.ts";
import type { RouteRow } from "./routes.ts";

/** Whether a request is of a client of Anthropic's API, which every request of such a client says. */
export function isAnthropicClient(headers: Headers): boolean {
  return headers.has("anthropic-version");
}

/**
 * Chooses how the errors of a route's requests are sent, by the headers of each.
 * @param usual the envelope of routes whose format has none of its own
 */
export function chooseErrorEnvelope(row: RouteRow, usual: ErrorEnvelopeName): (headers: Headers) => ErrorEnvelope {
  const envelope = row.format?.errors ?? ERROR_ENVELOPES[usual];
  if (!row.servesAnthropic) return () => envelope;
  return (headers) => (isAnthropicClient(headers) ? ERROR_ENVELOPES.anthropic : envelope);
}
