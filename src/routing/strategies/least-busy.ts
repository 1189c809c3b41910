import { type Candidate, type Strategy, weightOf } from "./strategy.ts";

/**
 * Of two random ones, the one with fewer attempts in flight for its weight. Nearly as even as looking at all of them, but
 * processes that do not know of each other do not all run to the same one.
 * https://www.eecs.harvard.edu/~michaelm/postscripts/tpds2001.pdf
 * @param random from 0 to 1, 1 excluded
 */
export function createLeastBusy(random: () => number): Strategy {
  return (candidates, { now }) => {
    const count = candidates.length;
    const first = Math.floor(random() * count);
    const other = count > 1 ? (first + 1 + Math.floor(random() * (count - 1))) % count : first;
    const one = candidates[first];
    const two = candidates[other];
    if (!one || !two) throw new Error("there is nothing to choose from");
    return loadOf(two, now) < loadOf(one, now) ? two : one;
  };
}

/** With the request that is to come, so that of idle ones the one with more weight is less busy. */
const loadOf = (candidate: Candidate, now: number): number => (candidate.state.inFlight + 1) / weightOf(candidate, now);
