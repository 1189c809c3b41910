import type { JsonObject } from "../../core/json/parse.ts";
import type { Usage } from "../form/answer.ts";
import { countOf, objectOf } from "../../core/json/values.ts";
import {
  cachedTokens,
  createdForHour,
  createdTokens,
  hiddenReasoning,
  positiveOf,
  reasoningTokens,
  webSearches,
} from "../usage.ts";

/**
 * Reads `usage` in the variants of the field: DeepSeek says `prompt_cache_hit_tokens`, Moonshot `cached_tokens`, Mistral
 * `num_cached_tokens` beside the total, and those that resell Claude some of Anthropic's words. xAI and Google leave thoughts out of `completion_tokens` and count them in the total.
 * @returns undefined if it says nothing of tokens
 */
export function readUsage(value: unknown): Usage | undefined {
  const usage = objectOf(value);
  const input = countOf(usage?.["prompt_tokens"]);
  const said = countOf(usage?.["completion_tokens"]);
  if (usage === undefined || (input === undefined && said === undefined)) return undefined;
  const prompt = objectOf(usage["prompt_tokens_details"]);
  const completion = objectOf(usage["completion_tokens_details"]);
  const reasoning = reasoningTokens(usage, completion);
  const hidden = hiddenReasoning(countOf(usage["total_tokens"]), input, said, reasoning);
  return {
    input: input ?? 0,
    output: (said ?? 0) + hidden,
    cacheRead: cachedTokens(usage, prompt),
    cacheWrite: createdTokens(usage, prompt),
    cacheWriteHour: createdForHour(usage, prompt),
    reasoning: hidden > 0 ? hidden : reasoning,
    audioInput: positiveOf(prompt?.["audio_tokens"]),
    audioOutput: positiveOf(completion?.["audio_tokens"]),
    imageOutput: positiveOf(completion?.["image_tokens"]),
    searches: webSearches(usage),
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
