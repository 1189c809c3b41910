import type { Conversation, Effort, Reasoning } from "../form/conversation.ts";
import { BUDGETS, effortOf, isOff, isThinkingFixed, nearestEffort } from "../form/efforts.ts";
import type { WireObject, Writing } from "./writing.ts";

/** Tokens to think with; more than that is all that the model takes. */
const budgetOf = (effort: Exclude<Effort, "none">): number =>
  effort === "xhigh" || effort === "max" ? Infinity : BUDGETS[effort];

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
  const amount = writeAmount(reasoning, limits.maxOutputTokens, writing);
  const isSilent = amount["thinkingBudget"] === 0;
  // A client that only says how hard to think comes from a wire on which thoughts are shown.
  const isShown = !isSilent && (reasoning.isShown ?? !reasoning.isAdaptive);
  const config = { ...amount, ...(isShown && { includeThoughts: true }) };
  return Object.keys(config).length > 0 ? config : undefined;
}

function writeAmount(reasoning: Reasoning, maxTokens: number | undefined, writing: Writing): WireObject {
  switch (writing.target.facts.thinking) {
    case "budget":
      return writeBudget(reasoning, maxTokens, writing);
    case "switch":
      return writeSwitch(reasoning, writing);
    default:
      return writeLevel(reasoning, writing);
  }
}

/** No thinking, or as much as the model likes. */
function writeSwitch(reasoning: Reasoning, writing: Writing): WireObject {
  const isFixed = isThinkingFixed(writing.target.facts);
  const asked = effortOf(reasoning);
  if (asked !== undefined && (isFixed || asked !== "none")) writing.note("adjusted", "thinking");
  if (isFixed || (asked === undefined && !reasoning.isAdaptive && reasoning.budget === undefined)) return {};
  return { thinkingBudget: asked === "none" ? 0 : DYNAMIC };
}

function writeBudget(reasoning: Reasoning, maxTokens: number | undefined, writing: Writing): WireObject {
  const { budgets = USUAL_BUDGETS, alwaysThinks } = writing.target.facts;
  const { budget, effort, isAdaptive } = reasoning;
  if (isOff(reasoning)) {
    if (alwaysThinks) writing.note("adjusted", "thinking");
    return { thinkingBudget: alwaysThinks ? budgets.least : 0 };
  }
  const wanted = budget ?? (effort === undefined || effort === "none" ? undefined : budgetOf(effort));
  if (wanted === undefined) return isAdaptive ? { thinkingBudget: DYNAMIC } : {};
  if (wanted < 0) return { thinkingBudget: DYNAMIC };
  const room = maxTokens === undefined ? Infinity : Math.max(maxTokens - ROOM_FOR_ANSWER, ROOM_FOR_ANSWER);
  const fitted = Math.min(Math.max(Math.min(wanted, room), budgets.least), budgets.most);
  if (budget !== undefined && fitted !== budget) writing.note("adjusted", "thinking.budget_tokens");
  return { thinkingBudget: fitted };
}

function writeLevel(reasoning: Reasoning, writing: Writing): WireObject {
  const asked = effortOf(reasoning);
  if (asked === undefined) return {};
  const level = nearestEffort(asked, writing.target.facts.efforts ?? LEVELS);
  if (level !== reasoning.effort) writing.note("adjusted", "thinking");
  return { thinkingLevel: level.toUpperCase() };
}
