import type { JsonObject } from "../../core/json/parse.ts";
import { withoutUndefined } from "../../core/json/values.ts";
import type { Effort, Reasoning } from "../form/conversation.ts";
import type { WireTarget } from "../form/dialect.ts";
import { askedEffort, EFFORTS, effortsOf, isThinkingFixed, nearestEffort } from "../form/efforts.ts";
import type { ModelFacts } from "../form/model-facts.ts";
import type { Notes } from "../form/notes.ts";
import type { ProviderTraits } from "./provider-traits.ts";

/** What most providers beside OpenAI take of models of which nothing is known. */
const USUAL_EFFORTS: readonly Effort[] = ["low", "medium", "high"];

/** Tokens to think with if there is no effort; what is more is left to the model. */
const BUDGETS: Partial<Record<Effort, number>> = { minimal: 1024, low: 2048, medium: 8192 };

/** How much a model is to think, and what it can be told of that. */
interface Asked {
  readonly reasoning: Reasoning;
  /** Undefined if the model decides. */
  readonly effort: Effort | undefined;
  readonly facts: ModelFacts;
  readonly traits: ProviderTraits;
  readonly notes: Notes;
}

/** Writes how much the model is to think, in the provider's own words. */
export function writeReasoning(
  reasoning: Reasoning | undefined,
  { facts }: WireTarget,
  traits: ProviderTraits,
  notes: Notes,
): JsonObject {
  if (reasoning === undefined) return {};
  const effort = askedEffort(reasoning, facts);
  if (facts.thinking === "none") {
    if (effort !== undefined && effort !== "none") notes.dropped("reasoning");
    return {};
  }
  const asked = { reasoning, effort, facts, traits, notes };
  if (traits.thinkingAsk === "reasoning") return { reasoning: writeOpenRouter(reasoning) };
  if (effort === undefined && !reasoning.isAdaptive) return {};
  if (!isThinkingFixed(facts)) return writeAsk(asked);
  if (effort !== undefined) notes.adjusted("reasoning");
  return {};
}

function writeAsk(asked: Asked): JsonObject {
  const { effort, facts, traits } = asked;
  const isOn = effort !== "none";
  const isSwitch = facts.thinking === "switch";
  switch (traits.thinkingAsk) {
    case "thinking":
      if (facts.alwaysThinks) return writeEffort(asked);
      noteSwitch(asked);
      return {
        thinking: { type: isOn ? (traits.switchedOn ?? "enabled") : "disabled" },
        ...(!isSwitch && isOn && writeEffort(asked)),
      };
    case "enable_thinking":
      noteSwitch(asked);
      return writeEnabled(asked);
    case "reasoning_enabled":
      if (!isSwitch && isOn) return writeEffort(asked);
      if (facts.alwaysThinks) return writeEffort(asked);
      noteSwitch(asked);
      return { reasoning: { enabled: isOn } };
    case "template":
      return writeTemplate(asked);
    default:
      if (!isSwitch || effort === undefined) return writeEffort(asked);
      noteSwitch(asked);
      return { reasoning_effort: isOn && traits.switchedOn !== undefined ? traits.switchedOn : fitEffort(asked) };
  }
}

/** Says that the model is only told to think, not how hard. */
function noteSwitch({ effort, facts, traits, reasoning, notes }: Asked): void {
  const isTold = effort === undefined || effort === "none";
  const isSwitch = facts.thinking === "switch" || traits.thinkingAsk === "enable_thinking";
  const takesBudget = traits.thinkingAsk === "enable_thinking" && reasoning.budget !== undefined;
  if (isSwitch && !isTold && !takesBudget) notes.adjusted("reasoning");
}

function writeEffort(asked: Asked): JsonObject {
  const fitting = fitEffort(asked);
  return fitting === undefined ? {} : { reasoning_effort: fitting };
}

/** @returns undefined if the model decides */
function fitEffort({ effort, reasoning, facts, traits, notes }: Asked): Effort | undefined {
  if (effort === undefined) return undefined;
  const fitting = nearestEffort(effort, effortsOf(facts, traits.isOpenAi ? EFFORTS : USUAL_EFFORTS));
  if (fitting !== reasoning.effort) notes.adjusted("reasoning");
  return fitting;
}

/** https://help.aliyun.com/en/model-studio/deep-thinking */
function writeEnabled({ effort, reasoning, facts }: Asked): JsonObject {
  const isOn = effort !== "none" || facts.alwaysThinks === true;
  const budget = reasoning.budget ?? (effort && BUDGETS[effort]);
  return withoutUndefined({ enable_thinking: isOn, thinking_budget: isOn ? budget : undefined });
}

/**
 * Templates read what they know of these, and servers hand `reasoning_effort` on to them as well; older ones take no more
 * than three words for it. https://docs.vllm.ai/en/latest/features/reasoning_outputs
 */
function writeTemplate(asked: Asked): JsonObject {
  const { effort, facts } = asked;
  const isOn = effort !== "none";
  const isSwitchable = !facts.alwaysThinks;
  const fitting = facts.thinking === "switch" || (isSwitchable && !isOn) ? undefined : fitEffort(asked);
  if (fitting === undefined) noteSwitch(asked);
  const variables = {
    ...(isSwitchable && { enable_thinking: isOn, thinking: isOn }),
    ...(fitting !== undefined && { reasoning_effort: fitting }),
  };
  return {
    ...(fitting !== undefined && USUAL_EFFORTS.includes(fitting) && { reasoning_effort: fitting }),
    ...(Object.keys(variables).length > 0 && { chat_template_kwargs: variables }),
  };
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
