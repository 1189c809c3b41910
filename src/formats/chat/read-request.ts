import type { JsonObject } from "../../core/json/parse.ts";
import type { Bookkeeping, Conversation, Limits, OutputFormat, Sampling } from "../form/conversation.ts";
import { booleanOf, filledTextOf, listOf, numberOf, objectOf, textOf } from "../../core/json/values.ts";
import { unreadOfTurns } from "./known-members.ts";
import type { Foreign } from "./read-content.ts";
import { readMessages } from "./read-messages.ts";
import { readTools, readToolChoice } from "./read-tools.ts";
import { readReasoning } from "./reasoning-ask.ts";
import { saysSomething, unreadHints } from "../form/unread-members.ts";

/** Members that the form has. */
const UNDERSTOOD: ReadonlySet<string> = new Set([
  ...["model", "messages", "stream", "stream_options", "max_completion_tokens", "max_tokens", "stop", "n"],
  ...["temperature", "top_p", "top_k", "seed", "random_seed", "frequency_penalty", "presence_penalty"],
  ...["logit_bias", "logprobs", "top_logprobs"],
  ...["tools", "tool_choice", "parallel_tool_calls", "functions", "function_call", "response_format"],
  ...["reasoning_effort", "reasoning", "thinking", "enable_thinking", "thinking_budget", "chat_template_kwargs"],
  ...["reasoning_format", "include_reasoning"],
  ...["user", "safety_identifier", "metadata", "service_tier", "verbosity", "prompt_cache_key", "store"],
]);

/** Members that the form has not, and without which the answer would be another one. */
const ESSENTIAL: ReadonlySet<string> = new Set([
  ...["audio", "modalities", "web_search_options", "search_parameters", "plugins", "documents"],
  ...["grammar", "structured_outputs", "guided_json", "guided_regex", "guided_choice", "guided_grammar"],
  ...["json_schema", "regex", "ebnf", "continue_final_message"],
]);

/** Padding of events says nothing. */
const STREAM_OPTIONS: ReadonlySet<string> = new Set(["include_usage", "include_obfuscation"]);

const RESPONSE_FORMAT: ReadonlySet<string> = new Set(["type", "json_schema", "schema"]);

const JSON_SCHEMA: ReadonlySet<string> = new Set(["name", "description", "schema", "strict"]);

/** Reads a body of `POST /v1/chat/completions`, with what providers add to OpenAI's API. */
export function readRequest(body: JsonObject): Conversation {
  const foreign: Foreign = [];
  const conversation = {
    model: textOf(body["model"]) ?? "",
    stream: body["stream"] === true,
    turns: readMessages(body["messages"], foreign),
    tools: readTools(body, foreign),
    toolChoice: readToolChoice(body, foreign),
    parallelCalls: booleanOf(body["parallel_tool_calls"]),
    limits: readLimits(body),
    sampling: readSampling(body),
    reasoning: readReasoning(body, foreign),
    output: readOutputFormat(body["response_format"], foreign),
    bookkeeping: readBookkeeping(body),
    wantsUsage: objectOf(body["stream_options"])?.["include_usage"] === true,
  };
  foreign.push(...unreadHints(objectOf(body["stream_options"]), "stream_options", STREAM_OPTIONS));
  for (const path of unreadOfTurns(body)) foreign.push({ path, isEssential: false });
  for (const name in body) if (!UNDERSTOOD.has(name)) addForeign(name, body[name], foreign);
  return { ...conversation, foreign };
}

function addForeign(name: string, value: unknown, foreign: Foreign): void {
  if (!saysSomething(value)) return;
  // Text is all that an answer is without this member.
  if (name === "modalities" && Array.isArray(value) && value.every((each) => each === "text")) return;
  foreign.push({ path: name, isEssential: ESSENTIAL.has(name) });
}

function readLimits(body: JsonObject): Limits {
  const stop = filledTextOf(body["stop"]);
  return {
    maxOutputTokens: numberOf(body["max_completion_tokens"]) ?? numberOf(body["max_tokens"]),
    stop: stop === undefined ? listOf(body["stop"]).filter((text) => typeof text === "string") : [stop],
    answers: numberOf(body["n"]),
  };
}

function readSampling(body: JsonObject): Sampling {
  return {
    temperature: numberOf(body["temperature"]),
    topP: numberOf(body["top_p"]),
    topK: numberOf(body["top_k"]),
    seed: numberOf(body["seed"]) ?? numberOf(body["random_seed"]),
    frequencyPenalty: numberOf(body["frequency_penalty"]),
    presencePenalty: numberOf(body["presence_penalty"]),
    logitBias: objectOf(body["logit_bias"]),
    logprobs: body["logprobs"] === true ? (numberOf(body["top_logprobs"]) ?? 0) : undefined,
  };
}

function readOutputFormat(value: unknown, foreign: Foreign): OutputFormat | undefined {
  const format = objectOf(value);
  if (format === undefined || format["type"] === "text") return undefined;
  const described = objectOf(format["json_schema"]);
  const schema = objectOf(described?.["schema"]) ?? objectOf(format["schema"]);
  foreign.push(...unreadHints(format, "response_format", RESPONSE_FORMAT));
  foreign.push(...unreadHints(described, "response_format.json_schema", JSON_SCHEMA));
  if (schema !== undefined) {
    return {
      kind: "schema",
      name: filledTextOf(described?.["name"]),
      description: filledTextOf(described?.["description"]),
      schema,
      strict: booleanOf(described?.["strict"]),
    };
  }
  if (format["type"] === "json_object") return { kind: "json" };
  foreign.push({ path: "response_format", isEssential: true });
  return undefined;
}

function readBookkeeping(body: JsonObject): Bookkeeping {
  return {
    user: filledTextOf(body["safety_identifier"]) ?? filledTextOf(body["user"]),
    metadata: objectOf(body["metadata"]),
    serviceTier: filledTextOf(body["service_tier"]),
    verbosity: filledTextOf(body["verbosity"]),
    promptCacheKey: filledTextOf(body["prompt_cache_key"]),
    store: booleanOf(body["store"]),
  };
}
