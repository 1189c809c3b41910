import { ERROR_ENVELOPES, type ErrorEnvelope, type ErrorFormat } from "../formats/error-body.ts";
import { readsOnlyOpenAiErrors } from "../formats/openai-clients.ts";
import type { RouteRow } from "./routes.ts";

/**
 * Chooses how the errors of a route's requests are sent, by the headers of each.
 * @param usual for routes whose format has no envelope of its own
 */
export function chooseErrorEnvelope(row: RouteRow, usual: ErrorFormat): (headers: Headers) => ErrorEnvelope {
  const fixed = row.format?.errors ?? (usual === "auto" ? undefined : ERROR_ENVELOPES[usual]);
  if (fixed) return () => fixed;
  return (headers) => (readsOnlyOpenAiErrors(headers) ? ERROR_ENVELOPES.openai : ERROR_ENVELOPES.simple);
}
