import { isJsonObject, type JsonObject } from "../../core/json/parse.ts";
import type {
  Bookkeeping,
  Conversation,
  Effort,
  ForeignMember,
  OutputFormat,
  Reasoning,
} from "../form/conversation.ts";
import { CannotTranslate } from "../form/dialect.ts";
import { isSet, numberOf, objectOf, textOf } from "../../core/json/values.ts";
import { unreadHints } from "../form/unread-members.ts";
import { unreadOfTurns } from "./known-members.ts";
import { readToolChoice, readTools } from "./read-tools.ts";
import { readTurns } from "./read-turns.ts";

/** Members that are read, in whole or in part. */
const KNOWN: ReadonlySet<string> = new Set([
  "model",
  "messages",
  "system",
  "stream",
  "max_tokens",
  "stop_sequences",
  "temperature",
  "top_p",
  "top_k",
  "tools",
  "tool_choice",
  "thinking",
  "output_config",
  "output_format",
  "metadata",
  "service_tier",
  "cache_control",
]);

/** Members that only this wire has and without which the answer would be another one. */
const ESSENTIAL: ReadonlySet<string> = new Set(["container", "mcp_servers", "thread", "inference_geo"]);

/**
 * Reads a request of a client of the Messages API. https://docs.anthropic.com/en/api/messages
 * @throws CannotTranslate for members of a wrong type
 */
export function readRequest(body: JsonObject): Conversation {
  const foreign: ForeignMember[] = [];
  const maxOutputTokens = numberOf(body["max_tokens"]);
  // Nothing is to be generated: the provider is only to fill its cache.
  if (maxOutputTokens === 0) foreign.push({ path: "max_tokens", isEssential: true });
  const conversation: Conversation = {
    model: textOf(body["model"]) ?? "",
    stream: body["stream"] === true,
    turns: readTurns(body, foreign),
    tools: readTools(body["tools"], foreign),
    ...readToolChoice(body["tool_choice"], foreign),
    limits: { maxOutputTokens, stop: readStop(body["stop_sequences"]), answers: undefined },
    sampling: {
      temperature: numberOf(body["temperature"]),
      topP: numberOf(body["top_p"]),
      topK: numberOf(body["top_k"]),
      seed: undefined,
      frequencyPenalty: undefined,
      presencePenalty: undefined,
      logitBias: undefined,
      logprobs: undefined,
    },
    reasoning: readReasoning(body, foreign),
    output: readOutput(body, foreign),
    bookkeeping: readBookkeeping(body, foreign),
    wantsUsage: true,
    foreign,
  };
  addUnknown(body, foreign);
  for (const path of unreadOfTurns(body)) foreign.push({ path, isEssential: false });
  return conversation;
}

function addUnknown(body: JsonObject, foreign: ForeignMember[]): void {
  for (const [name, value] of Object.entries(body)) {
    if (KNOWN.has(name) || value === undefined || value === null) continue;
    if (Array.isArray(value) && value.length === 0) continue;
    foreign.push({ path: name, isEssential: ESSENTIAL.has(name) });
  }
}

function readStop(stop: unknown): readonly string[] {
  if (stop === undefined || stop === null) return [];
  if (!Array.isArray(stop)) throw new CannotTranslate("stop_sequences", "it must be an array of strings");
  return stop.filter((text): text is string => typeof text === "string");
}

const EFFORTS: ReadonlySet<string> = new Set<Effort>(["low", "medium", "high", "xhigh", "max"]);

const isEffort = (value: unknown): value is Effort => typeof value === "string" && EFFORTS.has(value);

const THINKING: ReadonlySet<string> = new Set(["type", "budget_tokens", "display"]);

const OUTPUT_CONFIG: ReadonlySet<string> = new Set(["effort", "format"]);

const OUTPUT_FORMAT: ReadonlySet<string> = new Set(["type", "schema"]);

/** `thinking` and `output_config.effort`. https://docs.anthropic.com/en/docs/build-with-claude/extended-thinking */
function readReasoning(body: JsonObject, foreign: ForeignMember[]): Reasoning | undefined {
  const thinking = objectOf(body["thinking"]);
  const config = objectOf(body["output_config"]);
  const wanted = config?.["effort"];
  const effort = isEffort(wanted) ? wanted : undefined;
  if (isSet(wanted) && effort === undefined) foreign.push({ path: "output_config.effort", isEssential: false });
  foreign.push(...unreadHints(thinking, "thinking", THINKING));
  foreign.push(...unreadHints(config, "output_config", OUTPUT_CONFIG));
  const display = thinking?.["display"];
  const isShown = display === "summarized" ? true : display === "omitted" ? false : undefined;
  switch (thinking?.["type"]) {
    case "enabled": {
      // Of other providers of this wire, which have no budgets, clients say none.
      const budget = numberOf(thinking["budget_tokens"]);
      return { effort, budget, isAdaptive: budget === undefined && effort === undefined, isShown };
    }
    case "between_tools":
      foreign.push({ path: "thinking.type", isEssential: false });
      return { effort, budget: undefined, isAdaptive: true, isShown };
    case "adaptive":
      return { effort, budget: undefined, isAdaptive: true, isShown };
    case "disabled":
      if (effort) foreign.push({ path: "output_config.effort", isEssential: false });
      return { effort: "none", budget: undefined, isAdaptive: false, isShown: undefined };
    default:
      if (thinking) foreign.push({ path: "thinking.type", isEssential: false });
      return effort && { effort, budget: undefined, isAdaptive: false, isShown: undefined };
  }
}

/** `output_config.format`, which was called `output_format` at first. */
function readOutput(body: JsonObject, foreign: ForeignMember[]): OutputFormat | undefined {
  const format = objectOf(body["output_config"])?.["format"] ?? body["output_format"];
  if (format === undefined || format === null) return undefined;
  if (!isJsonObject(format) || format["type"] !== "json_schema" || !isJsonObject(format["schema"])) {
    throw new CannotTranslate("output_config.format", "it must be a json_schema with a schema");
  }
  foreign.push(...unreadHints(format, "output_config.format", OUTPUT_FORMAT));
  return { kind: "schema", name: undefined, description: undefined, schema: format["schema"], strict: true };
}

/** Their tiers by the form's names, which are OpenAI's. */
const TIERS: ReadonlyMap<string, string> = new Map(Object.entries<string>({ auto: "auto", standard_only: "default" }));

function readBookkeeping(body: JsonObject, foreign: ForeignMember[]): Bookkeeping {
  const { user_id: user, ...others } = objectOf(body["metadata"]) ?? {};
  for (const name of Object.keys(others)) foreign.push({ path: `metadata.${name}`, isEssential: false });
  const tier = textOf(body["service_tier"]);
  return {
    user: textOf(user),
    metadata: undefined,
    serviceTier: tier === undefined ? undefined : (TIERS.get(tier) ?? tier),
    verbosity: undefined,
    promptCacheKey: undefined,
    store: undefined,
  };
}
