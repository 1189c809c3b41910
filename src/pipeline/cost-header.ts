import { formatDollars } from "../core/picodollars.ts";
import type { RequestContext } from "../core/request-context.ts";

/** What an answer cost in US dollars, in plain decimal notation. */
export const COST_HEADER = "x-cost-usd";

/** Adds to an answer what it cost, if that is known when its head goes out: that of a stream is not. */
export function addCost(response: Response, { cost, streaming }: RequestContext): void {
  if (!streaming && typeof cost === "bigint") response.headers.set(COST_HEADER, formatDollars(cost));
}
