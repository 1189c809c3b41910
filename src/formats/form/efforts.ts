import type { Effort } from "./conversation.ts";

/** Tokens to think with; `max` is what the model's longest output leaves. */
export const BUDGETS: Readonly<Record<Exclude<Effort, "none" | "max">, number>> = {
  minimal: 1024,
  low: 2048,
  medium: 8192,
  high: 24_576,
  xhigh: 32_768,
};

/** From how many tokens on a budget is more than an effort. */
const LIMITS: readonly (readonly [below: number, effort: Effort])[] = [
  [1536, "minimal"],
  [4096, "low"],
  [16_384, "medium"],
  [28_672, "high"],
  [Infinity, "xhigh"],
];

/** The effort that a budget in tokens is nearest to. */
export const effortOf = (budget: number): Effort => LIMITS.find(([below]) => budget < below)?.[1] ?? "high";

const RANKS: readonly Effort[] = ["none", "minimal", "low", "medium", "high", "xhigh", "max"];

/** The nearest effort that a model knows, of two the higher one. */
export function nearestEffort(wanted: Effort, known: readonly Effort[]): Effort {
  if (known.includes(wanted)) return wanted;
  const distance = (effort: Effort): number => Math.abs(RANKS.indexOf(effort) - RANKS.indexOf(wanted));
  return known.reduce((best, effort) => (distance(effort) <= distance(best) ? effort : best));
}
