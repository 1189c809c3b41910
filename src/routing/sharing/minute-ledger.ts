import { fadedAt, msUntilRoom } from "./minute-window.ts";
import { type MinuteAmount, type MinuteAnswer, type MinuteClaim, NOTHING } from "./minutes.ts";

/** A process at a minute of a gate. */
export interface MinuteShare {
  used: MinuteAmount;
  held: MinuteAmount;
}

/** What all processes together have of a minute of a gate, and what that is of the minute before. */
export interface MinuteSums {
  /** Held by all others. */
  readonly others: MinuteAmount;
  readonly before: MinuteAmount;
  readonly processes: number;
}

/** Of what is left when everybody's need is met, a process is given one part in so many for each process. */
const ALLOWANCE_PARTS = 4;

/**
 * Decides on a claim, as the script in `redis-minutes.ts` does. What is held by all together is never more than the limit by
 * that: what is needed is given in full or not at all, what is wished as far as there is, and of the rest a part, so that the
 * next requests need not ask. The less is left, the smaller that part is, down to nothing.
 */
export function decide(claim: MinuteClaim, sums: MinuteSums): MinuteAnswer {
  const { gate, minute, sequence, limits, asks, need, at } = claim;
  const requestsWaitMs = asks ? waitFor(limits.requests, need.requests, "requests", claim, sums) : 0;
  const tokensWaitMs = asks ? waitFor(limits.tokens, need.tokens, "tokens", claim, sums) : 0;
  const isGranted = asks && requestsWaitMs === 0 && tokensWaitMs === 0;
  const grant = (of: keyof MinuteAmount): number => {
    const limit = limits[of];
    if (!isGranted || limit === undefined) return claim.held[of];
    const room = Math.max(0, limit - fadedAt(sums.before[of], at) - sums.others[of] - claim.used[of]);
    const base = Math.max(Math.min(need[of], limit), Math.min(claim.wish[of], room));
    const allowance = Math.floor(Math.max(0, room - base) / (ALLOWANCE_PARTS * sums.processes));
    return Math.max(Math.min(claim.held[of], claim.used[of] + room), claim.used[of] + base + allowance);
  };
  const held = { requests: grant("requests"), tokens: grant("tokens") };
  const { others, processes } = sums;
  return { gate, minute, sequence, held, requestsWaitMs, tokensWaitMs, others, processes };
}

/** As {@link decide}, of the fair share of one of so many processes that know nothing of each other. */
export function decideAlone(claim: MinuteClaim, processes: number): MinuteAnswer {
  const share = (limit: number | undefined): number | undefined => limit && Math.max(1, Math.floor(limit / processes));
  const { requests, tokens } = claim.limits;
  const limits = { requests: share(requests), tokens: share(tokens) };
  return { ...decide({ ...claim, limits }, { others: NOTHING, before: claim.before, processes: 1 }), processes };
}

function waitFor(
  limit: number | undefined,
  need: number,
  of: keyof MinuteAmount,
  { used, at }: MinuteClaim,
  { others, before }: MinuteSums,
): number {
  return limit === undefined || need === 0 ? 0 : msUntilRoom(limit, need, others[of] + used[of], before[of], at);
}

/** @returns whether somebody holds what it has not used, of what is limited */
export const isUnspent = ({ used, held }: MinuteShare): boolean =>
  held.requests > used.requests || held.tokens > used.tokens;

/** What all of these are together. */
export function sumOf(amounts: Iterable<MinuteAmount>): MinuteAmount {
  let requests = 0;
  let tokens = 0;
  for (const amount of amounts) {
    requests += amount.requests;
    tokens += amount.tokens;
  }
  return { requests, tokens };
}
