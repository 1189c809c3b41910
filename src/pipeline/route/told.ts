import type { AttemptSummary } from "../../core/attempt-summary.ts";
import type { AttemptRecord } from "../../routing/engine/route.ts";
import type { Deployment } from "../../routing/models/deployment.ts";

/** The headers with which a client is told who answers a request that several deployments could; names in lower case. */
export const ROUTING_HEADERS = {
  provider: "x-selected-provider",
  model: "x-selected-model",
  attempts: "x-attempts",
} as const;

/** Of a name that a client has made up. */
const MAX_CHARACTERS = 256;

/** No byte that a header must not have. */
const NOT_SHOWN = /[^\x21-\x7e]/g;

export function headersOf({ provider }: Deployment, model: string, attempts: number): Readonly<Record<string, string>> {
  const headers: Record<string, string> = {
    [ROUTING_HEADERS.provider]: provider.id,
    [ROUTING_HEADERS.model]: model.slice(0, MAX_CHARACTERS).replace(NOT_SHOWN, "?"),
  };
  if (attempts > 1) headers[ROUTING_HEADERS.attempts] = String(attempts);
  return headers;
}

export function triedOf({ deployment, model, failure }: AttemptRecord): AttemptSummary {
  const tried = { provider: deployment.provider.id, model };
  return failure ? { ...tried, status: failure.status, why: failure.code } : tried;
}
