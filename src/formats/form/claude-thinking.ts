import type { JsonObject } from "../../core/json/parse.ts";
import type { Conversation, Effort, Reasoning } from "./conversation.ts";
import type { Note, WireTarget } from "./dialect.ts";
import { BUDGETS, effortOf, isOff, nearestEffort } from "./efforts.ts";
import { demandsCall } from "./forced-answer.ts";
import type { ModelFacts } from "./model-facts.ts";

/** Whom a request is written for, and where to say what could not be written as it was asked for. */
export interface ClaudeWriting {
  readonly target: WireTarget;
  note(kind: Note["kind"], member: string): void;
}

/** How much a model is to think, and how long its output may be with that. */
export interface WrittenThinking {
  readonly thinking?: JsonObject;
  readonly effort?: Effort;
  readonly maxTokens: number;
  /** It thinks, so that there are things that it may not be asked. */
  readonly isOn: boolean;
}

/** All that its API has a word for. */
const EFFORTS: readonly Effort[] = ["low", "medium", "high", "xhigh", "max"];

const LEAST_BUDGET = 1024;

/** What a model decides by itself is not known on this wire; this is how it is described. */
const USUAL_EFFORT: Effort = "high";

/** Whether the model must call a tool. */
const isCallForced = ({ tools, toolChoice }: Conversation): boolean => tools.length > 0 && demandsCall(toolChoice);

/**
 * Writes `thinking` in the way that a model of Claude takes, over whichever wire it is asked.
 * https://docs.anthropic.com/en/docs/build-with-claude/extended-thinking and .../adaptive-thinking
 * @param lacksThoughts the model is to go on with calls that it has thought about before, and does not get its thoughts
 * back: with a budget that is refused, unless it is told not to think
 */
export function writeThinking(
  conversation: Conversation,
  lacksThoughts: boolean,
  writing: ClaudeWriting,
): WrittenThinking {
  const { reasoning, limits } = conversation;
  const { facts } = writing.target;
  const off: WrittenThinking = { maxTokens: limits.maxOutputTokens ?? facts.defaultMaxTokens, isOn: false };
  const isAsked = reasoning && (reasoning.effort ?? reasoning.budget ?? reasoning.isAdaptive) !== false;
  if (!reasoning || !isAsked) return off;
  if (facts.thinking === "none") {
    if (!isOff(reasoning)) writing.note("dropped", "thinking");
    return off;
  }
  if (isOff(reasoning)) {
    if (!facts.alwaysThinks) return { ...off, thinking: { type: "disabled" } };
    writing.note("adjusted", "thinking");
    // Not even how hard to think can be told it.
    if (facts.thinking === "switch") return off;
  }
  const usesBudget =
    facts.thinking !== "adaptive" || (facts.takesBudget && reasoning.budget !== undefined && !reasoning.isAdaptive);
  // A forced call is worth more than thoughts, which exclude it; so is a model's going on with its calls.
  const isExcluded = isCallForced(conversation) || (usesBudget && lacksThoughts);
  if (isExcluded) {
    writing.note("adjusted", "thinking");
    const effort = usesBudget ? besideBudget(reasoning.effort, facts) : adaptiveEffort(reasoning, facts);
    return { ...off, ...(effort && { effort }) };
  }
  const { thinking, effort, maxTokens } = usesBudget
    ? writeBudget(conversation, reasoning, writing)
    : writeAdaptive(reasoning, off.maxTokens, limits.maxOutputTokens === undefined, writing);
  return { thinking, maxTokens, isOn: true, ...(effort && { effort }) };
}

interface Written {
  readonly thinking: JsonObject;
  readonly effort: Effort | undefined;
  readonly maxTokens: number;
}

function writeBudget({ limits }: Conversation, reasoning: Reasoning, writing: ClaudeWriting): Written {
  const { facts } = writing.target;
  // Below 0, the model is to decide.
  const asked = reasoning.budget !== undefined && reasoning.budget >= 0 ? reasoning.budget : undefined;
  const wanted = asked ?? budgetOf(reasoning.effort ?? USUAL_EFFORT, facts);
  if (reasoning.isAdaptive) writing.note("adjusted", "thinking");
  const fitted = fitBudget(wanted, limits.maxOutputTokens, facts);
  if (asked !== undefined && fitted.budget !== wanted) writing.note("adjusted", "thinking.budget_tokens");
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
  return effort && isTaken ? fitEffort(effort, efforts) : undefined;
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

function adaptiveEffort(reasoning: Reasoning, { efforts }: ModelFacts): Effort | undefined {
  const asked = effortOf(reasoning);
  return asked && fitEffort(asked, efforts);
}

function writeAdaptive(reasoning: Reasoning, maxTokens: number, isDefault: boolean, writing: ClaudeWriting): Written {
  const { facts } = writing.target;
  const effort = adaptiveEffort(reasoning, facts);
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

/** The nearest effort that a model knows and its API has a word for. */
const fitEffort = (wanted: Effort, known: readonly Effort[] = EFFORTS): Effort =>
  nearestEffort(
    wanted,
    EFFORTS.filter((effort) => known.includes(effort)),
  );

const displayOf = (isShown: boolean | undefined): JsonObject =>
  isShown === undefined ? {} : { display: isShown ? "summarized" : "omitted" };
