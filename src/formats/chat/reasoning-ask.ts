import type { JsonObject } from "../../core/json/parse.ts";
import type { Effort, Reasoning } from "../form/conversation.ts";
import type { WireTarget } from "../form/dialect.ts";
import { booleanOf, numberOf, objectOf, textOf, withoutUndefined } from "../../core/json/values.ts";
import type { Notes } from "../form/notes.ts";
import type { ProviderTraits } from "./provider-traits.ts";

/** From the least to the most. */
const EFFORTS: readonly Effort[] = ["none", "minimal", "low", "medium", "high", "xhigh", "max"];

const asEffort = (value: unknown): Effort | undefined => EFFORTS.find((effort) => effort === value);

/**
 * Reads how much the model is to think: OpenAI's `reasoning_effort`, OpenRouter's `reasoning`, `thinking` of DeepSeek,
 * Z.ai, Moonshot and Anthropic's chat layer, Alibaba's `enable_thinking`, Groq's `reasoning_format`.
 */
export function readReasoning(body: JsonObject): Reasoning | undefined {
  const reasoning = objectOf(body["reasoning"]);
  const thinking = objectOf(body["thinking"]);
  const isSwitchedOn = thinking ? thinking["type"] !== "disabled" : booleanOf(body["enable_thinking"]);
  const isEnabled = booleanOf(reasoning?.["enabled"]) ?? isSwitchedOn;
  const said = asEffort(textOf(body["reasoning_effort"])) ?? asEffort(reasoning?.["effort"]);
  const budget =
    numberOf(reasoning?.["max_tokens"]) ?? numberOf(thinking?.["budget_tokens"]) ?? numberOf(body["thinking_budget"]);
  const effort = said ?? (isEnabled === false ? "none" : undefined);
  const isAdaptive = isEnabled === true && effort === undefined && budget === undefined;
  const isShown = readIsShown(body, reasoning);
  if (effort === undefined && budget === undefined && !isAdaptive && isShown === undefined) return undefined;
  return { effort, budget, isAdaptive, isShown };
}

function readIsShown(body: JsonObject, reasoning: JsonObject | undefined): boolean | undefined {
  const isExcluded = booleanOf(reasoning?.["exclude"]);
  if (isExcluded !== undefined) return !isExcluded;
  const format = textOf(body["reasoning_format"]);
  return format === undefined ? booleanOf(body["include_reasoning"]) : format !== "hidden";
}

/** Tokens below which a budget is of this effort. */
const BUDGETS: readonly (readonly [below: number, effort: Effort])[] = [
  [1, "none"],
  [1536, "minimal"],
  [4096, "low"],
  [16384, "medium"],
  [28672, "high"],
];

function effortOf({ effort, budget }: Reasoning): Effort | undefined {
  if (effort !== undefined || budget === undefined) return effort;
  return BUDGETS.find(([below]) => budget < below)?.[1] ?? "xhigh";
}

/** The efforts that models take, by name; the first that matches counts. https://platform.openai.com/docs/guides/reasoning */
const MODEL_EFFORTS: readonly (readonly [pattern: RegExp, efforts: readonly Effort[]])[] = [
  [/(?:^|\/)o\d/, ["low", "medium", "high"]],
  [/(?:^|\/)gpt-5(?!\.)/, ["minimal", "low", "medium", "high"]],
  [/(?:^|\/)gpt-5\.1/, ["none", "low", "medium", "high"]],
  [/(?:^|\/)gpt-5\.[2-5]/, ["none", "low", "medium", "high", "xhigh"]],
];

/** What most providers beside OpenAI take. `none` never becomes the default: that would turn the wish around. */
const USUAL_EFFORTS: readonly Effort[] = ["none", "low", "medium", "high"];

/** Open families that do not think: their servers refuse to be asked how much. Claude Code asks every model. */
const UNTHINKING =
  /llama-?[34]|gemma-?[123](?!\d)|qwen-?2|phi-?[123](?!\d)|(?:codes|devs|minis|pix|mix)tral|command-r(?!eas)/;

/** Writes how much the model is to think, in the provider's own words. */
export function writeReasoning(
  reasoning: Reasoning | undefined,
  { model, facts }: WireTarget,
  traits: ProviderTraits,
  notes: Notes,
): JsonObject {
  if (reasoning === undefined) return {};
  const effort = effortOf(reasoning);
  if (facts.thinking === "none" || UNTHINKING.test(model.toLowerCase())) {
    if (effort !== undefined && effort !== "none") notes.dropped("reasoning");
    return {};
  }
  switch (traits.thinkingAsk) {
    case "reasoning_effort":
      return effort === undefined ? {} : { reasoning_effort: fitEffort(reasoning, effort, model, traits, notes) };
    case "reasoning":
      return { reasoning: writeOpenRouter(reasoning) };
    case "thinking":
      if (effort === undefined && !reasoning.isAdaptive) return {};
      if (effort !== undefined && effort !== "none") notes.adjusted("reasoning");
      return { thinking: { type: effort === "none" ? "disabled" : "enabled" } };
    case "enable_thinking":
      if (effort === undefined && !reasoning.isAdaptive) return {};
      if (reasoning.budget === undefined && effort !== undefined && effort !== "none") notes.adjusted("reasoning");
      return withoutUndefined({ enable_thinking: effort !== "none", thinking_budget: reasoning.budget });
  }
}

function fitEffort(
  { budget }: Reasoning,
  effort: Effort,
  model: string,
  { isOpenAi }: ProviderTraits,
  notes: Notes,
): Effort {
  const known = MODEL_EFFORTS.find(([pattern]) => pattern.test(model.toLowerCase()))?.[1];
  const fitting = nearest(effort, known ?? (isOpenAi ? EFFORTS : USUAL_EFFORTS));
  if (fitting !== effort || budget !== undefined) notes.adjusted("reasoning");
  return fitting;
}

/** Ties go upward; what is to think not at all thinks as little as it can, and what is to think does not stop thinking. */
function nearest(effort: Effort, efforts: readonly Effort[]): Effort {
  const wanted = EFFORTS.indexOf(effort);
  const able = effort === "none" ? efforts : efforts.filter((each) => each !== "none");
  const distance = (each: Effort): number => Math.abs(EFFORTS.indexOf(each) - wanted);
  return able.reduce((best, each) => (distance(each) <= distance(best) ? each : best), able[0] ?? effort);
}

/** https://openrouter.ai/docs/use-cases/reasoning-tokens */
function writeOpenRouter({ effort, budget, isAdaptive, isShown }: Reasoning): JsonObject {
  return withoutUndefined({
    effort: budget === undefined ? effort : undefined,
    max_tokens: budget,
    enabled: isAdaptive ? true : undefined,
    exclude: isShown === undefined ? undefined : !isShown,
  });
}
