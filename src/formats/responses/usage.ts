import type { JsonObject } from "../../core/json/parse.ts";
import type { Usage } from "../form/answer.ts";
import { countOf, objectOf } from "../../core/json/values.ts";
import { webSearches } from "../usage.ts";

/** The `usage` of a response; undefined if the provider said none. */
export function readUsage(value: unknown): Usage | undefined {
  const usage = objectOf(value);
  if (!usage) return undefined;
  const input = objectOf(usage["input_tokens_details"]);
  const output = objectOf(usage["output_tokens_details"]);
  return {
    input: countOf(usage["input_tokens"]) ?? 0,
    output: countOf(usage["output_tokens"]) ?? 0,
    cacheRead: countOf(input?.["cached_tokens"]),
    cacheWrite: countOf(input?.["cache_write_tokens"]),
    cacheWriteHour: undefined,
    reasoning: countOf(output?.["reasoning_tokens"]),
    searches: webSearches(usage),
  };
}

export function writeUsage(usage: Usage | undefined): JsonObject | null {
  if (!usage) return null;
  return {
    input_tokens: usage.input,
    input_tokens_details: { cached_tokens: usage.cacheRead ?? 0, cache_write_tokens: usage.cacheWrite ?? 0 },
    output_tokens: usage.output,
    output_tokens_details: { reasoning_tokens: usage.reasoning ?? 0 },
    total_tokens: usage.input + usage.output,
  };
}
