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

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** FNV-1a over the units of a text, 32 bits: the same in every process. http://www.isthe.com/chongo/tech/comp/fnv/ */
function hashText(text: string): number {
  let hash = FNV_OFFSET;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), FNV_PRIME);
  return hash >>> 0;
}

/** One hash of two, each bit of which depends on all of theirs: the finalizer of MurmurHash3. */
function mixHashes(one: number, other: number): number {
  let hash = Math.imul(one, 0x9e3779b1) ^ other;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
