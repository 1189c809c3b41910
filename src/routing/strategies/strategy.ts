import type { DeploymentState } from "../health/deployment-state.ts";
import type { Turn } from "../health/deployment-states.ts";
import type { Deployment } from "../models/deployment.ts";

/** A deployment that may be chosen, with all that a choice depends on. */
export interface Candidate {
  readonly deployment: Deployment;
  readonly state: DeploymentState;
  readonly turn: Turn;
  /** Of a deployment that recovers, until it has its whole weight again; see `CooldownOptions`. */
  readonly slowStartMs: number;
}

/** What a choice is made for. */
export interface Choice {
  readonly stickyKey: string | undefined;
  /** What stands for `*`. */
  readonly star: string;
  /** Milliseconds of the monotonic clock. */
  readonly now: number;
  /** It is only to be known who would be chosen: no turn is taken. */
  readonly peeks: boolean;
}

/**
 * How the deployments of a model take turns.
 * @param candidates those that may be asked, in the operator's order; never none
 */
export type Strategy = <Each extends Candidate>(candidates: readonly Each[], choice: Choice) => Each;

/** The part of its weight that a deployment has, from a tenth to 1. */
export const shareOf = ({ state, slowStartMs }: Candidate, now: number): number =>
  slowStartMs === 0 ? 1 : state.share(now, slowStartMs);

/** The weight of a deployment, less while it recovers. */
export const weightOf = (candidate: Candidate, now: number): number =>
  candidate.deployment.weight * shareOf(candidate, now);

/** The candidate with the lowest cost; the first of those that have the same. */
export function lowestBy<Each extends Candidate>(
  candidates: readonly Each[],
  costOf: (candidate: Each) => number,
): Each {
  let best: Each | undefined;
  let lowest = Number.POSITIVE_INFINITY;
  for (const candidate of candidates) {
    const cost = costOf(candidate);
    if (best !== undefined && !(cost < lowest)) continue;
    best = candidate;
    lowest = cost;
  }
  if (!best) throw new Error("there is nothing to choose from");
  return best;
}
