import type { ClientHeaders } from "../core/client-request.ts";
import { ERROR_ENVELOPES, type ErrorEnvelope, type ErrorFormat } from "../formats/error-body.ts";
import { readsOnlyOpenAiErrors } from "../formats/openai-clients.ts";
import type { RouteRow } from "./routes.ts";

/** Whether a request is of a client of Anthropic's API, which every request of such a client says. */
export function isAnthropicClient(headers: ClientHeaders): boolean {
  return headers.has("anthropic-version");
}

/** Whether a request is of a client of Google's API, by its key or by what their libraries say of themselves. */
export function isGoogleClient(headers: ClientHeaders): boolean {
  return headers.has("x-goog-api-key") || headers.has("x-goog-api-client");
}

/**
 * Chooses how the errors of a route's requests are sent, by the headers of each.
 * @param usual for routes whose format has no envelope of its own
 */
export function chooseErrorEnvelope(row: RouteRow, usual: ErrorFormat): (headers: ClientHeaders) => ErrorEnvelope {
  const fixed = row.format?.errors ?? row.errors ?? (usual === "auto" ? undefined : ERROR_ENVELOPES[usual]);
  const choose = (headers: ClientHeaders): ErrorEnvelope =>
    fixed ?? (readsOnlyOpenAiErrors(headers) ? ERROR_ENVELOPES.openai : ERROR_ENVELOPES.simple);
  const others = row.servesAnthropic
    ? (headers: ClientHeaders) => (isAnthropicClient(headers) ? ERROR_ENVELOPES.anthropic : choose(headers))
    : choose;
  if (row.servesGoogle !== "clients") return others;
  return (headers) => (isGoogleClient(headers) ? ERROR_ENVELOPES.google : others(headers));
}
