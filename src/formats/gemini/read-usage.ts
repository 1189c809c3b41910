import type { TokenUsage } from "../../core/request-context.ts";
import type { JsonObject } from "../../core/json/parse.ts";
import { numberOf, withoutUndefined } from "../../core/json/values.ts";
import { readUsageAt } from "../usage.ts";

const MARK = Buffer.from('"usageMetadata"');

/** Finds the usage in the last bytes of an answer of this API, without decoding the rest. */
export const readUsageMetadata = (bytes: Uint8Array): TokenUsage | undefined => readUsageAt(bytes, MARK, toTokenUsage);

/** Thoughts are output, and what tools of the provider brought is input. */
function toTokenUsage(usage: JsonObject): TokenUsage | undefined {
  const prompt = numberOf(usage["promptTokenCount"]);
  const candidates = numberOf(usage["candidatesTokenCount"]);
  if (prompt === undefined && candidates === undefined) return undefined;
  const thoughts = numberOf(usage["thoughtsTokenCount"]);
  return withoutUndefined({
    inputTokens: (prompt ?? 0) + (numberOf(usage["toolUsePromptTokenCount"]) ?? 0),
    outputTokens: (candidates ?? 0) + (thoughts ?? 0),
    totalTokens: numberOf(usage["totalTokenCount"]),
    cachedInputTokens: numberOf(usage["cachedContentTokenCount"]),
    reasoningTokens: thoughts,
  });
}
