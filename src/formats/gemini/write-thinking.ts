import type { Conversation, Effort, Reasoning } from "../form/conversation.ts";
import type { ModelFacts } from "../form/model-facts.ts";
import type { WireObject, Writing } from "./writing.ts";

/** Tokens to think with. */
const BUDGETS: Readonly<Record<Exclude<Effort, "none">, number>> = {
  minimal: 1024,
  low: 2048,
  medium: 8192,
  high: 24_576,
  xhigh: Infinity,
  max: Infinity,
};

/** From how many tokens on a budget is more than an effort. */
const EFFORTS: readonly (readonly [below: number, effort: Effort])[] = [
  [1, "none"],
  [1536, "minimal"],
  [4096, "low"],
  [16_384, "medium"],
  [Infinity, "high"],
];

/** What an answer needs beside the thoughts, which count as output. */
const ROOM_FOR_ANSWER = 1024;

/** The model decides how much it thinks. */
const DYNAMIC = -1;

/** If it is not known of a model. */
const USUAL_BUDGETS = { least: 0, most: 24_576 };

const LEVELS: readonly Effort[] = ["minimal", "low", "medium", "high"];

/**
 * Writes `thinkingConfig` in the way that the model takes: a level from Gemini 3 on, a budget before.
 * https://ai.google.dev/gemini-api/docs/thinking
 */
export function writeThinking({ reasoning, limits }: Conversation, writing: Writing): WireObject | undefined {
  if (!reasoning) return undefined;
  const { facts } = writing.target;
  const isAsked = reasoning.effort !== undefined || reasoning.budget !== undefined || reasoning.isAdaptive;
  if (facts.thinking === "none") {
    if (isAsked && !isOff(reasoning)) writing.note("dropped", "thinking");
    return undefined;
  }
  const written = facts.thinking === "budget" ? writeBudget(reasoning, limits.maxOutputTokens, writing) : undefined;
  const amount = written ?? writeLevel(reasoning, writing);
  const isSilent = amount["thinkingBudget"] === 0;
  // A client that only says how hard to think comes from a wire on which thoughts are shown.
  const isShown = !isSilent && (reasoning.isShown ?? !reasoning.isAdaptive);
  const config = { ...amount, ...(isShown && { includeThoughts: true }) };
  return Object.keys(config).length > 0 ? config : undefined;
}

const isOff = ({ effort, budget }: Reasoning): boolean => effort === "none" || (effort === undefined && budget === 0);

function writeBudget(reasoning: Reasoning, maxTokens: number | undefined, writing: Writing): WireObject {
  const { budgets = USUAL_BUDGETS, alwaysThinks } = writing.target.facts;
  const { budget, effort, isAdaptive } = reasoning;
  if (isOff(reasoning)) {
    if (alwaysThinks) writing.note("adjusted", "thinking");
    return { thinkingBudget: alwaysThinks ? budgets.least : 0 };
  }
  const wanted = budget ?? (effort === undefined || effort === "none" ? undefined : BUDGETS[effort]);
  if (wanted === undefined) return isAdaptive ? { thinkingBudget: DYNAMIC } : {};
  if (wanted < 0) return { thinkingBudget: DYNAMIC };
  const room = maxTokens === undefined ? Infinity : Math.max(maxTokens - ROOM_FOR_ANSWER, ROOM_FOR_ANSWER);
  const fitted = Math.min(Math.max(Math.min(wanted, room), budgets.least), budgets.most);
  if (budget !== undefined && fitted !== budget) writing.note("adjusted", "thinking.budget_tokens");
  return { thinkingBudget: fitted };
}

function writeLevel(reasoning: Reasoning, writing: Writing): WireObject {
  const asked = reasoning.effort ?? (reasoning.budget === undefined ? undefined : effortOf(reasoning.budget));
  if (asked === undefined) return {};
  const level = nearest(asked, writing.target.facts);
  if (level !== reasoning.effort) writing.note("adjusted", "thinking");
  return { thinkingLevel: level.toUpperCase() };
}

/** @returns undefined if the model is to decide */
function effortOf(budget: number): Effort | undefined {
  return budget < 0 ? undefined : EFFORTS.find(([below]) => budget < below)?.[1];
}

const RANKS: readonly Effort[] = ["none", "minimal", "low", "medium", "high", "xhigh", "max"];

/** The nearest level that a model knows, of two the higher one. */
function nearest(wanted: Effort, { efforts = LEVELS }: ModelFacts): Effort {
  const distance = (effort: Effort): number => Math.abs(RANKS.indexOf(effort) - RANKS.indexOf(wanted));
  return efforts.reduce((best, effort) => (distance(effort) <= distance(best) ? effort : best), efforts[0] ?? wanted);
}
