import { isJsonObject, type JsonObject } from "../../core/json/parse.ts";
import type { RequestContext, TokenUsage } from "../../core/request-context.ts";
import { toTokenUsage } from "../../formats/usage.ts";

/** What all steps together used: as the provider reports it, and as the gateway records it. */
export interface UsedTokens {
  readonly told: JsonObject | undefined;
  readonly booked: TokenUsage | undefined;
}

/** The usage of the steps of one chat completion, summed up. */
export interface UsageSum {
  /** What the steps before this one used. */
  before(): JsonObject | undefined;
  /**
   * Notes what this step has used so far; returns the sum with the steps before, for the client and for the records.
   */
  use(usage: JsonObject | undefined): UsedTokens;
  /** Another step begins. */
  nextStep(): void;
}

export function createUsageSum(context: RequestContext): UsageSum {
  let before: JsonObject | undefined;
  let now: JsonObject | undefined;
  return {
    before: () => before,
    use(usage) {
      now = addUsage(before, usage);
      context.used(now && toTokenUsage(now));
      return { told: now, booked: context.usage };
    },
    nextStep() {
      before = now;
    },
  };
}

/** The sum of two usage objects, details included; of what is no number, the later one's. */
export function addUsage(earlier: JsonObject | undefined, later: JsonObject | undefined): JsonObject | undefined {
  if (!earlier || !later) return later ?? earlier;
  const sum: Record<string, unknown> = { ...earlier };
  for (const [name, value] of Object.entries(later)) sum[name] = add(earlier[name], value);
  return sum;
}

function add(earlier: unknown, later: unknown): unknown {
  if (typeof earlier === "number" && typeof later === "number") return earlier + later;
  if (isJsonObject(earlier) && isJsonObject(later)) return addUsage(earlier, later);
  return later ?? earlier;
}
