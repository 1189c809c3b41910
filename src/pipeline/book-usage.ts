import type { RequestContext, TokenUsage } from "../core/request-context.ts";
import type { StreamTail } from "../core/sse/stream-tail.ts";
import { estimateUsage, type SeenAnswer } from "../formats/estimate-usage.ts";

/** Records what an answer used: what its provider told, and an estimate of the rest. */
export function bookUsage(context: RequestContext, told: TokenUsage | undefined, seen: SeenAnswer): void {
  context.used(told);
  if (context.model === undefined) return;
  const estimate = estimateUsage(context, seen);
  if (estimate) context.seemsToHaveUsed(estimate);
}

/** The same of a stream. @param tail what went by */
export function bookStream(
  context: RequestContext,
  told: TokenUsage | undefined,
  tail: Pick<StreamTail, "bytes" | "total">,
  isCut: boolean,
): void {
  bookUsage(context, told, { last: tail.bytes(), total: tail.total(), isStream: true, isCut });
}
