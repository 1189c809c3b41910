import { isJsonObject, type JsonObject } from "../../core/json/parse.ts";
import type { RequestContext, TokenUsage } from "../../core/request-context.ts";

/** What all steps together used: as the client is told, and as the gateway records it. */
export interface UsedTokens<Usage> {
  readonly told: Usage | undefined;
  readonly booked: TokenUsage | undefined;
}

/** The usage of the steps of one request, summed up. */
export interface UsageSum<Usage> {
  /** What the steps before this one used. */
  before(): Usage | undefined;
  /**
   * Notes what this step has used so far; returns the sum with the steps before, for the client and for the records.
   */
  use(usage: Usage | undefined): UsedTokens<Usage>;
  /** Another step begins. */
  nextStep(): void;
}

/**
 * @param add the sum of two
 * @param toTokens as the gateway records it
 */
export function createUsageSum<Usage>(
  context: RequestContext,
  add: (earlier: Usage, later: Usage) => Usage,
  toTokens: (usage: Usage) => TokenUsage | undefined,
): UsageSum<Usage> {
  let before: Usage | undefined;
  let now: Usage | undefined;
  return {
    before: () => before,
    use(usage) {
      now = before !== undefined && usage !== undefined ? add(before, usage) : (usage ?? before);
      context.used(now && toTokens(now));
      return { told: now, booked: context.usage };
    },
    nextStep() {
      before = now;
    },
  };
}

/** The sum of two usage objects, details included; of what is no number, the later one's. */
export function addUsage(earlier: JsonObject, later: JsonObject): JsonObject {
  const sum: Record<string, unknown> = { ...earlier };
  for (const [name, value] of Object.entries(later)) sum[name] = add(earlier[name], value);
  return sum;
}

function add(earlier: unknown, later: unknown): unknown {
  if (typeof earlier === "number" && typeof later === "number") return earlier + later;
  if (isJsonObject(earlier) && isJsonObject(later)) return addUsage(earlier, later);
  return later ?? earlier;
}
