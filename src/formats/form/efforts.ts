import type { Effort, Reasoning } from "./conversation.ts";
import type { ModelFacts } from "./model-facts.ts";

/** From the least to the most. */
export const EFFORTS: readonly Effort[] = ["none", "minimal", "low", "medium", "high", "xhigh", "max"];

/** @returns undefined for what is no effort, such as a word of one provider alone */
export const asEffort = (value: unknown): Effort | undefined => EFFORTS.find((effort) => effort === value);

/** Tokens to think with; `max` is as much as the model can. */
export const BUDGETS: Readonly<Record<Exclude<Effort, "none" | "max">, number>> = {
  minimal: 1024,
  low: 2048,
  medium: 8192,
  high: 24_576,
  xhigh: 32_768,
};

/** Tokens below which a budget is of this effort. */
const LIMITS: readonly (readonly [below: number, effort: Effort])[] = [
  [1, "none"],
  [1536, "minimal"],
  [4096, "low"],
  [16_384, "medium"],
  [28_672, "high"],
  [Infinity, "xhigh"],
];

/** Whether the model is not to think. No tokens to think with are the same as no effort. */
export const isOff = ({ effort, budget }: Reasoning): boolean =>
  effort === "none" || (effort === undefined && budget === 0);

/** How hard the model is to think; undefined if it decides that itself, which some say by a negative budget. */
export function effortOf({ effort, budget }: Reasoning): Effort | undefined {
  if (effort !== undefined || budget === undefined || budget < 0) return effort;
  return LIMITS.find(([below]) => budget < below)?.[1];
}

/** What a model that thinks only if it is told to is told by a client that leaves it to the model how much it thinks. */
const USUAL_EFFORT: Effort = "medium";

/** As {@link effortOf}, for a model. */
export function askedEffort(reasoning: Reasoning, { restsUnlessAsked }: ModelFacts): Effort | undefined {
  return effortOf(reasoning) ?? (reasoning.isAdaptive && restsUnlessAsked ? USUAL_EFFORT : undefined);
}

/**
 * The effort that a model takes in place of one that was asked for: the nearest one, of two the higher one. What is to
 * think not at all thinks as little as it can, and what is to think does not stop thinking.
 * @param known the efforts that are taken, lowest first, `none` among them if it can be told not to think
 */
export function nearestEffort(wanted: Effort, known: readonly Effort[]): Effort {
  if (known.includes(wanted)) return wanted;
  const able = wanted === "none" ? known : known.filter((effort) => effort !== "none");
  const distance = (effort: Effort): number => Math.abs(EFFORTS.indexOf(effort) - EFFORTS.indexOf(wanted));
  return able.reduce((best, effort) => (distance(effort) <= distance(best) ? effort : best), able[0] ?? wanted);
}

/**
 * The efforts of a model, `none` included if it can be told not to think.
 * @param others those of models of which nothing is known
 */
export function effortsOf({ efforts, alwaysThinks }: ModelFacts, others: readonly Effort[]): readonly Effort[] {
  const known = efforts ?? others.filter((effort) => effort !== "none");
  return alwaysThinks ? known : ["none", ...known];
}

/** Whether a model thinks in a way of its own, of which nobody can tell it anything. */
export const isThinkingFixed = ({ thinking, alwaysThinks }: ModelFacts): boolean =>
  thinking === "switch" && alwaysThinks === true;
