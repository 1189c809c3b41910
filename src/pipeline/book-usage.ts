import type { RequestContext, TokenUsage } from "../core/request-context.ts";
import { estimateUsage } from "../formats/estimate-usage.ts";

/** What there is of an answer that is over. */
export interface SeenAnswer {
  /** Its last bytes, or all of them. */
  readonly last: Uint8Array;
  /** How many came. */
  readonly total: number;
  /** It broke off, or its client left. */
  readonly isCut: boolean;
}

/** Records what an answer used: what its provider told, and an estimate of the rest. */
export function bookUsage(context: RequestContext, told: TokenUsage | undefined, seen: SeenAnswer): void {
  context.used(told);
  if (context.model === undefined) return;
  const estimate = estimateUsage(context, seen.last, seen.total, seen.isCut);
  if (estimate) context.seemsToHaveUsed(estimate);
}
