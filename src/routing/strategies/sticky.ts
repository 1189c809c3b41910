import { hashText, mixHashes } from "./hash.ts";
import { roundRobin } from "./round-robin.ts";
import { type Candidate, type Choice, type Strategy, weightOf } from "./strategy.ts";

/**
 * What belongs together goes to one deployment, whose prompt cache has it: weighted rendezvous hashing, so that a
 * deployment that comes or goes moves only what is its own, and all processes choose alike. With bounded loads: an owner
 * that has more in flight than its part times the load factor is left, for the next one in the order of the hashes.
 * What belongs to nothing is sent in turns.
 * https://www.ietf.org/archive/id/draft-ietf-bess-weighted-hrw-00.html https://arxiv.org/abs/1608.01350
 * @param loadFactor at least 1
 */
export function createSticky(loadFactor: number): Strategy {
  const seeds = new WeakMap<Candidate, number>();
  const seedOf = (candidate: Candidate): number => {
    const known = seeds.get(candidate);
    if (known !== undefined) return known;
    const seed = hashText(candidate.deployment.key);
    seeds.set(candidate, seed);
    return seed;
  };

  return <Each extends Candidate>(candidates: readonly Each[], choice: Choice): Each => {
    const { stickyKey, now } = choice;
    if (stickyKey === undefined) return roundRobin(candidates, choice);
    const hash = hashText(stickyKey);
    const weights = candidates.map((candidate) => weightOf(candidate, now));
    const allInFlight = candidates.reduce((sum, { state }) => sum + state.inFlight, 0);
    const allWeights = weights.reduce((sum, weight) => sum + weight, 0);
    let best: Each | undefined;
    let most = Number.NEGATIVE_INFINITY;
    for (const [at, candidate] of candidates.entries()) {
      const weight = weights[at] ?? 0;
      // With the request that is to come. At least one is always below its bound: together they are above what there is.
      const bound = Math.ceil((loadFactor * (allInFlight + 1) * weight) / allWeights);
      const score = weight / -Math.log(toUnit(mixHashes(hash, seedOf(candidate))));
      if (candidate.state.inFlight >= bound || score <= most) continue;
      best = candidate;
      most = score;
    }
    return best ?? roundRobin(candidates, choice);
  };
}

/** Above 0 and below 1. */
const toUnit = (hash: number): number => (hash + 0.5) / 2 ** 32;
