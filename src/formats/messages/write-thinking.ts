import type { Conversation, Effort, Reasoning } from "../form/conversation.ts";
import type { ModelFacts } from "../form/model-facts.ts";
import type { WireObject } from "./members.ts";
import { isCallForced } from "./write-tools.ts";
import type { Writing } from "./writing.ts";

/** How much a model is to think, and how long its output may be with that. */
export interface WrittenThinking {
  readonly thinking?: WireObject;
  readonly effort?: Effort;
  readonly maxTokens: number;
  /** It thinks, so that there are things that it may not be asked. */
  readonly isOn: boolean;
}

/** Tokens to think with; `max` is what the model's longest output leaves. */
const BUDGETS: Readonly<Record<Exclude<Effort, "none" | "max">, number>> = {
  minimal: 1024,
  low: 2048,
  medium: 8192,
  high: 24_576,
  xhigh: 32_768,
};

/** From how many tokens on a budget is more than an effort. */
const EFFORTS: readonly (readonly [below: number, effort: Effort])[] = [
  [1536, "minimal"],
  [4096, "low"],
  [16_384, "medium"],
  [28_672, "high"],
  [Infinity, "xhigh"],
];

const LEAST_BUDGET = 1024;

/** What a model decides by itself is not known on this wire; this is how it is described. */
const USUAL_EFFORT: Effort = "high";

/**
 * Writes `thinking` in the way that the model takes.
 * https://docs.anthropic.com/en/docs/build-with-claude/extended-thinking and .../adaptive-thinking
 * @param lacksThoughts see `writeTurns`
 */
export function writeThinking(conversation: Conversation, lacksThoughts: boolean, writing: Writing): WrittenThinking {
  const { reasoning, limits } = conversation;
  const { facts } = writing.target;
  const off: WrittenThinking = { maxTokens: limits.maxOutputTokens ?? facts.defaultMaxTokens, isOn: false };
  const isAsked = reasoning && (reasoning.effort ?? reasoning.budget ?? reasoning.isAdaptive) !== false;
  if (!reasoning || !isAsked) return off;
  if (facts.thinking === "none") {
    if (reasoning.effort !== "none") writing.note("dropped", "thinking");
    return off;
  }
  if (reasoning.effort === "none" && !facts.alwaysThinks) return { ...off, thinking: { type: "disabled" } };
  const usesBudget =
    facts.thinking !== "adaptive" || (facts.takesBudget && reasoning.budget !== undefined && !reasoning.isAdaptive);
  // A forced call is worth more than thoughts, which exclude it; so is a model's going on with its calls.
  const isExcluded = isCallForced(conversation) || (usesBudget && lacksThoughts);
  const { thinking, effort, maxTokens } = usesBudget
    ? writeBudget(conversation, reasoning, writing)
    : writeAdaptive(reasoning, off.maxTokens, limits.maxOutputTokens === undefined, writing);
  if (!isExcluded) return { thinking, maxTokens, isOn: true, ...(effort && { effort }) };
  writing.note("adjusted", "thinking");
  return { ...off, ...(effort && { effort }) };
}

interface Written {
  readonly thinking: WireObject;
  readonly effort: Effort | undefined;
  readonly maxTokens: number;
}

function writeBudget({ limits }: Conversation, reasoning: Reasoning, writing: Writing): Written {
  const { facts } = writing.target;
  const wanted = reasoning.budget ?? budgetOf(reasoning.effort ?? USUAL_EFFORT, facts);
  if (reasoning.isAdaptive) writing.note("adjusted", "thinking");
  const fitted = fitBudget(wanted, limits.maxOutputTokens, facts);
  if (reasoning.budget !== undefined && fitted.budget !== wanted) writing.note("adjusted", "thinking.budget_tokens");
  if (limits.maxOutputTokens !== undefined && fitted.maxTokens !== limits.maxOutputTokens) {
    writing.note("adjusted", "max_tokens");
  }
  return {
    thinking: { type: "enabled", budget_tokens: fitted.budget, ...displayOf(reasoning.isShown) },
    effort: besideBudget(reasoning.effort, facts),
    maxTokens: fitted.maxTokens,
  };
}

/** Models that nobody knows take the one or the other, and few known ones take both. */
function besideBudget(effort: Effort | undefined, { thinking, efforts }: ModelFacts): Effort | undefined {
  const isTaken = thinking === "effort" || efforts !== undefined;
  return effort && isTaken ? nearestEffort(effort, efforts) : undefined;
}

function budgetOf(effort: Effort, { maxOutputTokens, defaultMaxTokens }: ModelFacts): number {
  if (effort === "none") return LEAST_BUDGET;
  if (effort !== "max") return BUDGETS[effort];
  // The default may be all that the model can write.
  return maxOutputTokens === undefined
    ? BUDGETS.xhigh
    : maxOutputTokens - Math.min(defaultMaxTokens, maxOutputTokens / 2);
}

/** A budget must leave room for an answer in `max_tokens`, which counts both. */
function fitBudget(wanted: number, asked: number | undefined, facts: ModelFacts) {
  const least = Math.max(wanted, LEAST_BUDGET);
  if (asked !== undefined) {
    if (least < asked) return { budget: least, maxTokens: asked };
    const budget = Math.max(LEAST_BUDGET, asked - LEAST_BUDGET);
    // So short an output has no room for thoughts: they come on top of it.
    return { budget, maxTokens: budget < asked ? asked : budget + asked };
  }
  const most = facts.maxOutputTokens ?? Infinity;
  const maxTokens = Math.min(least + facts.defaultMaxTokens, most);
  return { budget: Math.min(least, maxTokens - LEAST_BUDGET), maxTokens };
}

function writeAdaptive(reasoning: Reasoning, maxTokens: number, isDefault: boolean, writing: Writing): Written {
  const { facts } = writing.target;
  const asked = reasoning.effort ?? (reasoning.budget === undefined ? undefined : effortOf(reasoning.budget));
  const effort = asked && nearestEffort(asked, facts.efforts);
  if (effort !== reasoning.effort) writing.note("adjusted", "thinking");
  // A client that only says how hard to think comes from a wire on which thoughts are shown.
  const isShown = reasoning.isShown ?? (reasoning.isAdaptive ? undefined : true);
  const room = budgetOf(effort ?? USUAL_EFFORT, facts);
  const longest = facts.maxOutputTokens ?? Infinity;
  return {
    thinking: { type: "adaptive", ...displayOf(isShown) },
    effort,
    maxTokens: isDefault ? Math.min(maxTokens + room, longest) : maxTokens,
  };
}

const effortOf = (budget: number): Effort => EFFORTS.find(([below]) => budget < below)?.[1] ?? "high";

const RANKS: readonly Effort[] = ["none", "minimal", "low", "medium", "high", "xhigh", "max"];

/** All that the wire has a word for. */
const WIRE_EFFORTS: readonly Effort[] = ["low", "medium", "high", "xhigh", "max"];

/** The nearest effort that a model knows, of two the higher one. */
function nearestEffort(wanted: Effort, known: readonly Effort[] = WIRE_EFFORTS): Effort {
  if (known.includes(wanted)) return wanted;
  const distance = (effort: Effort): number => Math.abs(RANKS.indexOf(effort) - RANKS.indexOf(wanted));
  return known.reduce((best, effort) => (distance(effort) <= distance(best) ? effort : best));
}

const displayOf = (isShown: boolean | undefined): WireObject =>
  isShown === undefined ? {} : { display: isShown ? "summarized" : "omitted" };
