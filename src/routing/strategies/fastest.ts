import { type Candidate, lowestBy, shareOf, type Strategy } from "./strategy.ts";

/** Of a hundred requests, five find out whether another one has become faster. */
const EXPLORING = 0.05;

/**
 * The one with the lowest recent time to the first token. One of which nothing is known goes first, with one request: if
 * it is slow, the others do not wait for it too.
 * @param random from 0 to 1, 1 excluded
 */
export function createFastest(random: () => number): Strategy {
  return (candidates, { now, peeks }) => {
    const fastest = lowestBy(candidates, (candidate) => expectedMs(candidate, now));
    if (peeks || candidates.length === 1 || random() >= EXPLORING) return fastest;
    const others = candidates.filter((candidate) => candidate !== fastest);
    return others[Math.floor(random() * others.length)] ?? fastest;
  };
}

/** How long it will take, as far as is known: longer for one that recovers, which gets its requests back bit by bit. */
function expectedMs(candidate: Candidate, now: number): number {
  const { firstToken, inFlight } = candidate.state;
  if (firstToken.averageMs !== undefined) return firstToken.averageMs / shareOf(candidate, now);
  // Before those that are known; once it is being asked, behind them: the one with fewest attempts, if all are like that.
  return inFlight === 0 ? -1 : Number.MAX_SAFE_INTEGER + inFlight * 1024;
}
