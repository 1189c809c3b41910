import { type Candidate, type Choice, type Strategy, weightOf } from "./strategy.ts";

/**
 * Smooth weighted round robin, as nginx does it: each turn, everybody gains its weight, and whoever has most has the turn
 * and pays what all gained. Weights 5, 1, 1 make a a b a c a a. With equal weights the first begins.
 * https://github.com/nginx/nginx/commit/52327e0627f49dbda1e8db695e63a4b0af4448b1
 */
export const roundRobin: Strategy = <Each extends Candidate>(
  candidates: readonly Each[],
  { now, peeks }: Choice,
): Each => {
  let total = 0;
  let best: Each | undefined;
  let most = Number.NEGATIVE_INFINITY;
  for (const candidate of candidates) {
    const weight = weightOf(candidate, now);
    const current = candidate.turn.current + weight;
    total += weight;
    if (!peeks) candidate.turn.current = current;
    if (best !== undefined && current <= most) continue;
    best = candidate;
    most = current;
  }
  if (!best) throw new Error("there is nothing to choose from");
  if (!peeks) best.turn.current -= total;
  return best;
};
