import type { JsonObject } from "../../core/json/parse.ts";
import type { Tool } from "../form/conversation.ts";
import type { ClientAsk } from "../form/dialect.ts";
import { instructionsOf, writeOutputFormat } from "./write-request.ts";
import { writeToolChoice, writeTools } from "./write-tools.ts";

/**
 * The members of a response that repeat the request or never change, all that the official type has: OpenAI's own
 * defaults for what the client did not say, null for what it does not have.
 */
export function echoRequest({ request, model, stored, keepsId = false }: ClientAsk): JsonObject {
  const { tools, toolChoice, parallelCalls, limits, sampling, reasoning, output, bookkeeping } = request;
  return {
    access_programs: null,
    background: false,
    conversation: null,
    frequency_penalty: sampling.frequencyPenalty ?? 0,
    instructions: instructionsOf(request.turns) ?? null,
    max_output_tokens: limits.maxOutputTokens ?? null,
    max_tool_calls: null,
    metadata: bookkeeping.metadata ?? {},
    model,
    moderation: null,
    parallel_tool_calls: parallelCalls ?? true,
    presence_penalty: sampling.presencePenalty ?? 0,
    previous_response_id: stored?.previousId ?? null,
    prompt: null,
    prompt_cache_key: bookkeeping.promptCacheKey ?? null,
    prompt_cache_retention: null,
    reasoning: { effort: reasoning?.effort ?? null, summary: reasoning?.isShown === true ? "auto" : null },
    safety_identifier: bookkeeping.user ?? null,
    service_tier: "default",
    // Of its own accord the gateway keeps none; a provider of this API may.
    store: stored?.isKept ?? keepsId,
    temperature: sampling.temperature ?? 1,
    text: {
      format: output ? writeOutputFormat(output) : { type: "text" },
      verbosity: bookkeeping.verbosity ?? "medium",
    },
    tool_choice: toolChoice ? writeToolChoice(toolChoice, tools) : "auto",
    tools: echoTools(tools),
    top_logprobs: sampling.logprobs ?? 0,
    top_p: sampling.topP ?? 1,
    truncation: "disabled",
    user: null,
  };
}

/** Functions of a response have all their members. */
const echoTools = (tools: readonly Tool[]): JsonObject[] =>
  writeTools(tools).map((tool) => (tool["type"] === "function" ? { description: null, ...tool } : tool));
