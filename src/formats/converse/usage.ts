import { isJsonObject } from "../../core/json/parse.ts";
import { listOf, countOf } from "../../core/json/values.ts";
import type { Usage } from "../form/answer.ts";

/**
 * Reads `usage`. On this wire `inputTokens` is without what was read from or written to a cache, and tokens of thoughts
 * are not told apart.
 * @returns undefined if it says nothing of tokens
 */
export function readUsage(usage: unknown): Usage | undefined {
  if (!isJsonObject(usage)) return undefined;
  const input = countOf(usage["inputTokens"]);
  const output = countOf(usage["outputTokens"]);
  if (input === undefined && output === undefined) return undefined;
  const cacheRead = countOf(usage["cacheReadInputTokens"]);
  const cacheWrite = countOf(usage["cacheWriteInputTokens"]);
  return {
    input: (input ?? 0) + (cacheRead ?? 0) + (cacheWrite ?? 0),
    output: output ?? 0,
    cacheRead,
    cacheWrite,
    cacheWriteHour: writtenForAnHour(usage["cacheDetails"]),
    reasoning: undefined,
  };
}

function writtenForAnHour(details: unknown): number | undefined {
  const kept = listOf(details).filter(isJsonObject);
  if (kept.length === 0) return undefined;
  return kept.reduce((sum, { ttl, inputTokens }) => sum + (ttl === "1h" ? (countOf(inputTokens) ?? 0) : 0), 0);
}
