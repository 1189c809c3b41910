import type { JsonObject } from "../core/json/parse.ts";
import { listOf, numberOf, objectOf } from "../core/json/values.ts";

/*
 * Where the APIs of OpenAI, and what calls itself compatible with them, and Anthropic say of what kind the tokens of a
 * usage object are. Undefined is not said.
 */

/** A count of what most answers have none of, where some providers always say 0. */
export const positiveOf = (value: unknown): number | undefined =>
  (numberOf(value) ?? 0) > 0 ? numberOf(value) : undefined;

/** What a provider had in its cache: DeepSeek, Moonshot and Mistral have names of their own for it. */
export const cachedTokens = (usage: JsonObject, input: JsonObject | undefined): number | undefined =>
  numberOf(input?.["cached_tokens"]) ??
  numberOf(usage["prompt_cache_hit_tokens"]) ??
  numberOf(usage["cached_tokens"]) ??
  numberOf(usage["num_cached_tokens"]) ??
  numberOf(usage["cache_read_input_tokens"]);

/** What was written to a cache, for however long. */
export const createdTokens = (usage: JsonObject, input: JsonObject | undefined): number | undefined =>
  numberOf(input?.["cache_write_tokens"]) ??
  numberOf(input?.["cache_creation_tokens"]) ??
  numberOf(input?.["cache_creation_input_tokens"]) ??
  numberOf(usage["cache_creation_input_tokens"]);

/** The part of it that is kept for an hour. */
export const createdForHour = (usage: JsonObject, input: JsonObject | undefined): number | undefined =>
  numberOf((objectOf(usage["cache_creation"]) ?? objectOf(input?.["cache_creation"]))?.["ephemeral_1h_input_tokens"]);

/** Anthropic calls it thinking. */
export const reasoningTokens = (usage: JsonObject, output: JsonObject | undefined): number | undefined =>
  numberOf(output?.["reasoning_tokens"]) ??
  numberOf(output?.["thinking_tokens"]) ??
  numberOf(usage["reasoning_tokens"]);

/**
 * xAI and Google leave reasoning out of `completion_tokens` and count it in the total.
 * @returns how many tokens of output `completion_tokens` is short of
 */
export function hiddenReasoning(
  total: number | undefined,
  input: number | undefined,
  said: number | undefined,
  reasoning: number | undefined,
): number {
  const hidden = (total ?? 0) - (input ?? 0) - (said ?? 0);
  return hidden > 0 && (reasoning === undefined || reasoning === hidden) ? hidden : 0;
}

/** Anthropic's web searches, those of Perplexity, and those of xAI's tools. */
export const webSearches = (usage: JsonObject): number | undefined =>
  positiveOf(objectOf(usage["server_tool_use"])?.["web_search_requests"]) ??
  positiveOf(usage["num_search_queries"]) ??
  positiveOf(objectOf(usage["server_side_tool_usage_details"])?.["web_search_calls"]);

/** Of a list in which Google says how many tokens are of which kind. https://ai.google.dev/api/generate-content#ModalityTokenCount */
export function tokensOfModality(details: unknown, modality: string): number | undefined {
  for (const one of listOf(details)) {
    const said = objectOf(one);
    if (said?.["modality"] === modality) return numberOf(said["tokenCount"]);
  }
  return undefined;
}
