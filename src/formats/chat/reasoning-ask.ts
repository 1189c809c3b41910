import type { JsonObject } from "../../core/json/parse.ts";
import { booleanOf, numberOf, objectOf, textOf } from "../../core/json/values.ts";
import type { Reasoning } from "../form/conversation.ts";
import { asEffort } from "../form/efforts.ts";
import { unreadHints } from "../form/unread-members.ts";
import type { Foreign } from "./read-content.ts";

/** Groq's word for thinking as much as the model does by itself. */
const USUAL = "default";

const REASONING: ReadonlySet<string> = new Set(["effort", "enabled", "max_tokens", "exclude"]);

const THINKING: ReadonlySet<string> = new Set(["type", "budget_tokens"]);

/**
 * Reads how much the model is to think: OpenAI's `reasoning_effort`, OpenRouter's `reasoning`, `thinking` of DeepSeek,
 * Z.ai, Moonshot and Anthropic's chat layer, Alibaba's `enable_thinking`, variables of chat templates, Groq's
 * `reasoning_format`.
 */
export function readReasoning(body: JsonObject, foreign: Foreign): Reasoning | undefined {
  const reasoning = objectOf(body["reasoning"]);
  const thinking = objectOf(body["thinking"]);
  const variables = readVariables(body["chat_template_kwargs"], foreign);
  foreign.push(...unreadHints(reasoning, "reasoning", REASONING));
  foreign.push(...unreadHints(thinking, "thinking", THINKING));
  const isSwitchedOn = thinking
    ? thinking["type"] !== "disabled"
    : (booleanOf(body["enable_thinking"]) ??
      booleanOf(variables["enable_thinking"]) ??
      booleanOf(variables["thinking"]));
  const word =
    textOf(body["reasoning_effort"]) ?? textOf(reasoning?.["effort"]) ?? textOf(variables["reasoning_effort"]);
  const said = asEffort(word);
  if (word !== undefined && word !== USUAL && said === undefined) {
    foreign.push({ path: "reasoning_effort", isEssential: false });
  }
  const isEnabled = booleanOf(reasoning?.["enabled"]) ?? isSwitchedOn;
  const tokens =
    numberOf(reasoning?.["max_tokens"]) ?? numberOf(thinking?.["budget_tokens"]) ?? numberOf(body["thinking_budget"]);
  // No tokens to think with, and as many as the model likes.
  const isNone = said === undefined && (tokens === 0 || (tokens === undefined && isEnabled === false));
  const budget = tokens !== undefined && tokens > 0 ? tokens : undefined;
  const effort = said ?? (isNone || isEnabled === false ? "none" : undefined);
  const isDynamic = isEnabled === true || (tokens !== undefined && tokens < 0);
  const isAdaptive = isDynamic && effort === undefined && budget === undefined;
  const isShown = readIsShown(body, reasoning);
  if (effort === undefined && budget === undefined && !isAdaptive && isShown === undefined) return undefined;
  return { effort, budget: effort === "none" ? undefined : budget, isAdaptive, isShown };
}

/** Those that the form has. https://docs.vllm.ai/en/latest/features/reasoning_outputs */
const VARIABLES: ReadonlySet<string> = new Set(["enable_thinking", "thinking", "reasoning_effort"]);

function readVariables(value: unknown, foreign: Foreign): JsonObject {
  const variables = objectOf(value) ?? {};
  for (const name of Object.keys(variables)) {
    if (!VARIABLES.has(name)) foreign.push({ path: `chat_template_kwargs.${name}`, isEssential: false });
  }
  return variables;
}

function readIsShown(body: JsonObject, reasoning: JsonObject | undefined): boolean | undefined {
  const isExcluded = booleanOf(reasoning?.["exclude"]);
  if (isExcluded !== undefined) return !isExcluded;
  const format = textOf(body["reasoning_format"]);
  return format === undefined ? booleanOf(body["include_reasoning"]) : format !== "hidden";
}
