import type { JsonObject } from "../../core/json/parse.ts";
import type { Usage } from "../form/answer.ts";
import { numberOf, objectOf } from "../../core/json/values.ts";

/**
 * Reads `usage` in the variants of the field: DeepSeek says `prompt_cache_hit_tokens`, Moonshot `cached_tokens`, Mistral
 * `num_cached_tokens` beside the total, and those that resell Claude some of Anthropic's words. xAI and Google leave thoughts out of `completion_tokens` and count them in the total.
 * @returns undefined if it says nothing of tokens
 */
export function readUsage(value: unknown): Usage | undefined {
  const usage = objectOf(value);
  const input = numberOf(usage?.["prompt_tokens"]);
  const said = numberOf(usage?.["completion_tokens"]);
  if (usage === undefined || (input === undefined && said === undefined)) return undefined;
  const prompt = objectOf(usage["prompt_tokens_details"]);
  const completion = objectOf(usage["completion_tokens_details"]);
  const reasoning = numberOf(completion?.["reasoning_tokens"]) ?? numberOf(usage["reasoning_tokens"]);
  const hidden = (numberOf(usage["total_tokens"]) ?? 0) - (input ?? 0) - (said ?? 0);
  const areThoughtsHidden = hidden > 0 && (reasoning === undefined || reasoning === hidden);
  return {
    input: input ?? 0,
    output: (said ?? 0) + (areThoughtsHidden ? hidden : 0),
    cacheRead:
      numberOf(prompt?.["cached_tokens"]) ??
      numberOf(usage["prompt_cache_hit_tokens"]) ??
      numberOf(usage["cached_tokens"]) ??
      numberOf(usage["num_cached_tokens"]) ??
      numberOf(usage["cache_read_input_tokens"]),
    cacheWrite:
      numberOf(prompt?.["cache_write_tokens"]) ??
      numberOf(prompt?.["cache_creation_tokens"]) ??
      numberOf(prompt?.["cache_creation_input_tokens"]) ??
      numberOf(usage["cache_creation_input_tokens"]),
    cacheWriteHour: numberOf(objectOf(prompt?.["cache_creation"])?.["ephemeral_1h_input_tokens"]),
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
