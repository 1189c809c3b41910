import type { JsonObject } from "../../core/json/parse.ts";
import type { Bookkeeping, Conversation, OutputFormat } from "../form/conversation.ts";
import { booleanOf, isSet, listOf, numberOf, objectOf, textOf } from "../../core/json/values.ts";
import { unreadOfTurns } from "./known-members.ts";
import { createForeignMembers, type ForeignMembers } from "./member-lists.ts";
import { GO_ON, NO_STORE, readItems } from "./read-items.ts";
import { readToolChoice, readTools } from "./read-tools.ts";
import { readReasoning } from "./reasoning.ts";
import { unreadMembers } from "../form/unread-members.ts";

/** Members that the form has a place for, in this file or in those that it calls. */
const KNOWN = new Set([
  "model",
  "input",
  "instructions",
  "max_output_tokens",
  "temperature",
  "top_p",
  "top_logprobs",
  "tools",
  "tool_choice",
  "parallel_tool_calls",
  "text",
  "reasoning",
  "include",
  "store",
  "metadata",
  "user",
  "safety_identifier",
  "prompt_cache_key",
  "service_tier",
  "stream",
  "stream_options",
]);

const TEXT = new Set(["format", "verbosity"]);

/** Padding of events says nothing. */
const STREAM_OPTIONS = new Set(["include_obfuscation"]);

const FORMAT = new Set(["type", "json_schema", "name", "description", "schema", "strict"]);

/** What lies in the provider's store, or is fetched from there later, and why it cannot be sent. */
const ESSENTIAL: ReadonlyMap<string, string | undefined> = new Map([
  ["previous_response_id", NO_STORE],
  ["conversation", `only OpenAI keeps conversations; ${GO_ON} instead`],
  ["prompt", undefined],
  ["background", undefined],
]);

/** Values that ask for what happens anyway. */
const DEFAULTS: ReadonlyMap<string, unknown> = new Map(Object.entries({ background: false, truncation: "disabled" }));

const LOGPROBS = "message.output_text.logprobs";

/** Reads a request of OpenAI's Responses API: https://platform.openai.com/docs/api-reference/responses/create */
export function readRequest(body: JsonObject): Conversation {
  const foreign = createForeignMembers();
  listForeign(body, foreign);
  const tools = readTools(body, foreign);
  const instructions = textOf(body["instructions"]) ?? "";
  const turns = [
    ...(Array.isArray(body["instructions"]) ? readItems(body["instructions"], tools, foreign) : []),
    ...(instructions === ""
      ? []
      : [{ role: "system" as const, blocks: [{ type: "text" as const, text: instructions }] }]),
    ...readItems(body["input"], tools, foreign),
  ];
  const wantsLogprobs = listOf(body["include"]).includes(LOGPROBS);
  return {
    model: textOf(body["model"]) ?? "",
    stream: body["stream"] === true,
    turns,
    tools: tools.tools,
    toolChoice: readToolChoice(body["tool_choice"], tools, foreign),
    parallelCalls: booleanOf(body["parallel_tool_calls"]),
    limits: { maxOutputTokens: numberOf(body["max_output_tokens"]), stop: [], answers: undefined },
    sampling: {
      temperature: numberOf(body["temperature"]),
      topP: numberOf(body["top_p"]),
      topK: undefined,
      seed: undefined,
      frequencyPenalty: undefined,
      presencePenalty: undefined,
      logitBias: undefined,
      logprobs: wantsLogprobs ? (numberOf(body["top_logprobs"]) ?? 0) : undefined,
    },
    reasoning: readReasoning(body["reasoning"], foreign),
    output: readOutputFormat(objectOf(body["text"])?.["format"], foreign),
    bookkeeping: readBookkeeping(body),
    wantsUsage: true,
    foreign: foreign.list(),
  };
}

function listForeign(body: JsonObject, foreign: ForeignMembers): void {
  for (const [name, value] of Object.entries(body)) {
    if (KNOWN.has(name) || !isSet(value) || DEFAULTS.get(name) === value) continue;
    if (ESSENTIAL.has(name)) foreign.essential(name, ESSENTIAL.get(name));
    else foreign.harmless(name);
  }
  for (const path of unreadOfTurns(body)) foreign.harmless(path);
  for (const path of unreadMembers(objectOf(body["text"]), "text", TEXT)) foreign.harmless(path);
  for (const path of unreadMembers(objectOf(body["stream_options"]), "stream_options", STREAM_OPTIONS)) {
    foreign.harmless(path);
  }
  for (const [index, included] of listOf(body["include"]).entries()) {
    if (included !== LOGPROBS && included !== "reasoning.encrypted_content") foreign.harmless(`include[${index}]`);
  }
}

function readOutputFormat(value: unknown, foreign: ForeignMembers): OutputFormat | undefined {
  const format = objectOf(value);
  if (!format || format["type"] === "text") return undefined;
  if (format["type"] === "json_object") return { kind: "json" };
  for (const path of unreadMembers(format, "text.format", FORMAT)) foreign.harmless(path);
  // Chat's nested form is understood too.
  const spec = objectOf(format["json_schema"]) ?? format;
  const schema = objectOf(spec["schema"]);
  if (format["type"] !== "json_schema" || !schema) {
    foreign.essential("text.format.type");
    return undefined;
  }
  return {
    kind: "schema",
    name: textOf(spec["name"]),
    description: textOf(spec["description"]),
    schema,
    strict: booleanOf(spec["strict"]),
  };
}

function readBookkeeping(body: JsonObject): Bookkeeping {
  return {
    user: textOf(body["safety_identifier"]) ?? textOf(body["user"]),
    metadata: objectOf(body["metadata"]),
    serviceTier: textOf(body["service_tier"]),
    verbosity: textOf(objectOf(body["text"])?.["verbosity"]),
    promptCacheKey: textOf(body["prompt_cache_key"]),
    store: booleanOf(body["store"]),
  };
}
