import type { JsonObject } from "../../core/json/parse.ts";
import type { Usage } from "../form/answer.ts";
import { asNumber, asObject } from "./narrow.ts";

/**
 * Reads `usage` in the variants of the field: DeepSeek says `prompt_cache_hit_tokens`, Moonshot `cached_tokens`, Mistral
 * `num_cached_tokens` beside the total. xAI and Google leave thoughts out of `completion_tokens` and count them in the total.
 * @returns undefined if it says nothing of tokens
 */
export function readUsage(value: unknown): Usage | undefined {
  const usage = asObject(value);
  const input = asNumber(usage?.["prompt_tokens"]);
  const said = asNumber(usage?.["completion_tokens"]);
  if (usage === undefined || (input === undefined && said === undefined)) return undefined;
  const prompt = asObject(usage["prompt_tokens_details"]);
  const completion = asObject(usage["completion_tokens_details"]);
  const reasoning = asNumber(completion?.["reasoning_tokens"]) ?? asNumber(usage["reasoning_tokens"]);
  const hidden = (asNumber(usage["total_tokens"]) ?? 0) - (input ?? 0) - (said ?? 0);
  const areThoughtsHidden = hidden > 0 && (reasoning === undefined || reasoning === hidden);
  return {
    input: input ?? 0,
    output: (said ?? 0) + (areThoughtsHidden ? hidden : 0),
    cacheRead:
      asNumber(prompt?.["cached_tokens"]) ??
      asNumber(usage["prompt_cache_hit_tokens"]) ??
      asNumber(usage["cached_tokens"]) ??
      asNumber(usage["num_cached_tokens"]),
    cacheWrite: asNumber(prompt?.["cache_write_tokens"]),
    cacheWriteHour: undefined,
    reasoning: areThoughtsHidden ? hidden : reasoning,
  };
}

/** Writes `usage` with all of its members. https://platform.openai.com/docs/api-reference/chat/object */
export function writeUsage({ input, output, cacheRead, cacheWrite, reasoning }: Usage): JsonObject {
  return {
    prompt_tokens: input,
    completion_tokens: output,
    total_tokens: input + output,
    prompt_tokens_details: { cached_tokens: cacheRead ?? 0, cache_write_tokens: cacheWrite ?? 0, audio_tokens: 0 },
    completion_tokens_details: {
      reasoning_tokens: reasoning ?? 0,
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  };
}
