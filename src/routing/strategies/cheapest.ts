import type { Deployment } from "../models/deployment.ts";
import { roundRobin } from "./round-robin.ts";
import type { Candidate, Strategy } from "./strategy.ts";

/**
 * What a deployment costs, as one figure to compare.
 * @param model that it is asked for, in its provider's naming
 * @returns undefined if nobody knows
 */
export type PriceOf = (deployment: Deployment, model: string) => number | undefined;

/** The one with the lowest price; in turns, if several have it. Those whose price is not known come last. */
export function createCheapest(priceOf: PriceOf): Strategy {
  const costOf = ({ deployment }: Candidate, star: string): number =>
    priceOf(deployment, deployment.model === "*" ? star : deployment.model) ?? Number.POSITIVE_INFINITY;
  return (candidates, choice) => {
    const costs = candidates.map((candidate) => costOf(candidate, choice.star));
    const lowest = Math.min(...costs);
    return roundRobin(
      candidates.filter((_, at) => costs[at] === lowest),
      choice,
    );
  };
}
