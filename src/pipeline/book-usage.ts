import type { RequestContext, TokenUsage } from "../core/request-context.ts";
import { estimateUsage, type SeenAnswer } from "../formats/estimate-usage.ts";

/** Records what an answer used: what its provider told, and an estimate of the rest. */
export function bookUsage(context: RequestContext, told: TokenUsage | undefined, seen: SeenAnswer): void {
  context.used(told);
  if (context.model === undefined) return;
  const estimate = estimateUsage(context, seen);
  if (estimate) context.seemsToHaveUsed(estimate);
}
