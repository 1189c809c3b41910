import { Failure } from "../core/errors.ts";
import type { RouteRow } from "./routes.ts";
import { type Serve, type ServeParts, serveRoute } from "./serve-route.ts";

export interface CapacityParts extends ServeParts {
  /** How many requests may be in flight at once; 0 is without limit. */
  readonly maxConcurrent: number;
}

/**
 * Refuses requests to a route at once while as many as allowed are in flight, before their credentials or bodies are
 * looked at. Health checks always pass: a busy gateway is healthy.
 * @returns the given function itself if there is no limit, so that it costs nothing.
 */
export function limitConcurrency(parts: CapacityParts, row: RouteRow, serve: Serve): Serve {
  const { requests, maxConcurrent } = parts;
  if (maxConcurrent === 0 || row.open) return serve;
  // One for all refusals: an overloaded gateway must not pay for stack traces. A slot may be free any moment.
  const overloaded = new Failure("overloaded", { headers: { "retry-after": "1" } });
  const refuse = serveRoute({ ...parts, authenticate: undefined }, row, () => {
    throw overloaded;
  });
  return (request) => (requests.size() < maxConcurrent ? serve : refuse)(request);
}
