import { roundRobin } from "./round-robin.ts";
import type { Candidate, Strategy } from "./strategy.ts";

/** Those with the lowest number, in turns; the next ones only if none of these may be asked. */
export const priority: Strategy = (candidates, choice) => {
  let lowest = Number.POSITIVE_INFINITY;
  for (const { deployment } of candidates) lowest = Math.min(lowest, deployment.priority);
  const isFirst = ({ deployment }: Candidate): boolean => deployment.priority === lowest;
  return roundRobin(candidates.every(isFirst) ? candidates : candidates.filter(isFirst), choice);
};
