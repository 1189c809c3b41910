import type { JsonObject } from "../../core/json/parse.ts";
import type { Conversation, Effort } from "../form/conversation.ts";
import type { WireTarget } from "../form/dialect.ts";
import { BUDGETS, isOff, isThinkingFixed } from "../form/efforts.ts";
import type { Notes } from "../form/notes.ts";

/** From here on the model thinks as long as it wants, which is its default. */
const UNLIMITED: ReadonlySet<Effort> = new Set<Effort>(["high", "xhigh", "max"]);

/** What is left of an output for the answer behind the thoughts. */
const ANSWER_TOKENS = 1024;

/**
 * Writes `thinking`. https://docs.cohere.com/docs/reasoning
 * @returns undefined if nothing is to be said of it
 */
export function writeThinking(
  { reasoning, limits }: Conversation,
  { facts }: WireTarget,
  notes: Notes,
): JsonObject | undefined {
  if (!reasoning) return undefined;
  const { effort, budget, isAdaptive } = reasoning;
  if (facts.thinking === "none") {
    if (!isOff(reasoning) && (effort ?? budget ?? isAdaptive) !== false) notes.dropped("reasoning");
    return undefined;
  }
  if (isThinkingFixed(facts)) {
    if ((effort ?? budget) !== undefined) notes.adjusted("reasoning");
    return undefined;
  }
  if (effort === "none" || isOff(reasoning)) return { type: "disabled" };
  // Below 0, the model is to decide.
  if (budget !== undefined && budget < 0) return { type: "enabled" };
  // Models that take but a switch elsewhere take a budget on this wire.
  if (budget !== undefined) return { type: "enabled", token_budget: fit(budget, limits.maxOutputTokens, notes) };
  if (effort === undefined) return isAdaptive ? { type: "enabled" } : undefined;
  if (effort === "max" || UNLIMITED.has(effort)) {
    if (effort !== "high") notes.adjusted("reasoning");
    return { type: "enabled" };
  }
  return { type: "enabled", token_budget: fit(BUDGETS[effort], limits.maxOutputTokens, undefined) };
}

/** A budget leaves room for an answer within the limit of the output. @param notes told if the client named the budget */
function fit(budget: number, limit: number | undefined, notes: Notes | undefined): number {
  const room = limit === undefined ? budget : limit > 2 * ANSWER_TOKENS ? limit - ANSWER_TOKENS : limit >> 1;
  const fitted = Math.max(1, Math.min(budget, room));
  if (fitted !== budget) notes?.adjusted("thinking.budget_tokens");
  return fitted;
}
