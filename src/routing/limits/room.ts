import type { SlotLeases } from "../sharing/sharing.ts";
import type { Gate, GateChain, Waiter } from "./gate.ts";
import type { GateRefusal } from "./gates.ts";
import { minuteOf, msUntilRoom } from "../sharing/minute-window.ts";
import { msUntilLeasedRequest, msUntilLeasedTokens, msUntilShared, rollLease, UNKNOWN_MS } from "./minute-lease.ts";
import type { FairShares } from "./fair-shares.ts";
import { rollTo } from "./minute-usage.ts";

/** Whether there is room at gates. Changes nothing but that counts of a minute that is over are put aside. */
export interface Room {
  /** How many may be in flight at a gate in this process. */
  capacity(gate: Gate): number;
  /** Puts aside what a gate counts of minutes that are over. @returns milliseconds since the epoch */
  roll(gate: Gate): number;
  /**
   * How long it is until a request of so many tokens fits into the minute of a gate, in milliseconds; 0 if it does now,
   * {@link UNKNOWN_MS} if other processes are to be asked.
   */
  msUntil(gate: Gate, tokens: number): number;
  /**
   * How long it is until it is worth asking again for those who wait at a gate, in milliseconds: for so many tokens, or for as
   * many as were refused; 0 if there is no such time, because there is room, or an answer is to come.
   */
  msUntilSome(gate: Gate, tokens: number): number;
  /** Some request, however small, may pass now, or may ask other processes whether it may. */
  isOpen(gate: Gate): boolean;
  /** It is worth asking: all gates of one of its deployments are open. */
  isOpenFor(waiter: Waiter): boolean;
  /** Only an answer of those who keep the minutes for all processes keeps a request from some deployment. */
  isAsked(chains: readonly GateChain[]): boolean;
  /** Only slots that another process may give back keep a request from some deployment. */
  mayBeGranted(chains: readonly GateChain[]): boolean;
  /** When all minutes may have room for a request at some deployment, in milliseconds; undefined if that is not the matter. */
  soonest(chains: readonly GateChain[]): number | undefined;
  /** Why a request may not pass a gate: at its limit of what is in flight or of the minute. */
  refusal(gate: Gate, tokens: number): GateRefusal;
}

/** @param shares undefined if this process has the whole of every minute */
export function createRoom(
  clock: () => number,
  slots: SlotLeases | undefined,
  shares: Pick<FairShares, "isAlone" | "of"> = { isAlone: () => false, of: () => undefined },
): Room {
  const granted = slots
    ? ({ key, maxInFlight }: Gate): number => Math.min(slots.granted(key, maxInFlight), maxInFlight)
    : ({ maxInFlight }: Gate): number => maxInFlight;

  const capacity = (gate: Gate): number => (gate.maxInFlight === Number.POSITIVE_INFINITY ? Infinity : granted(gate));

  const { isAlone } = shares;
  const { msUntilRequest, msUntilTokens, roll, msUntil, isShareUsed } = createMinutes(clock, shares);

  const isOpen = (gate: Gate): boolean => {
    if (gate.inFlight >= capacity(gate)) return false;
    const wait = msUntil(gate, 1);
    return wait === 0 || (wait === UNKNOWN_MS && gate.lease?.isNeeded === false);
  };

  /** A slot of this gate is free, but not granted to this process. */
  const lacksGrant = (gate: Gate): boolean =>
    gate.inFlight >= capacity(gate) && capacity(gate) < gate.maxInFlight && msUntil(gate, 1) === 0;

  const isAsking = (gate: Gate): boolean =>
    gate.lease?.isNeeded === true && !isAlone() && gate.inFlight < capacity(gate);

  return {
    capacity,
    roll,
    msUntil,
    msUntilSome(gate, tokens) {
      const wait = msUntil(gate, tokens);
      const { lease } = gate;
      if (!lease || wait === 0 || isAlone() || isShareUsed(gate, tokens)) return wait;
      if (lease.isNeeded) return 0;
      const known = wait === UNKNOWN_MS ? lease.tokensRefusedUntil - clock() : wait;
      return Math.max(0, Math.min(known, lease.askAgainAt - clock()));
    },
    isOpen,
    isOpenFor: ({ chains }) => chains.some((chain) => chain.every(isOpen)),
    isAsked: (chains) =>
      chains.some((chain) => chain.some(isAsking) && chain.every((gate) => isAsking(gate) || isOpen(gate))),
    mayBeGranted: (chains) =>
      slots !== undefined &&
      chains.some((chain) => chain.some(lacksGrant) && chain.every((gate) => lacksGrant(gate) || isOpen(gate))),
    soonest(chains) {
      const waits = chains.map((chain) => Math.max(0, ...chain.map((gate) => msUntil(gate, 1))));
      const soonest = Math.min(...waits);
      return soonest > UNKNOWN_MS && soonest < Number.POSITIVE_INFINITY ? soonest : undefined;
    },
    refusal(gate, tokens) {
      const { label, maxInFlight, requestsPerMinute, tokensPerMinute } = gate;
      if (gate.inFlight >= capacity(gate)) {
        return { limit: `max_in_flight ${maxInFlight} of ${label}`, retryAfterMs: undefined, isAsking: false };
      }
      const time = roll(gate);
      const ofRequests = msUntilRequest(gate, time);
      const ofTokens = msUntilTokens(gate, tokens, time);
      const limit =
        ofRequests >= ofTokens ? `requests_per_minute ${requestsPerMinute}` : `tokens_per_minute ${tokensPerMinute}`;
      const wait = Math.max(ofRequests, ofTokens);
      // Undefined if the room is only kept for those who came before.
      const retryAfterMs = wait > UNKNOWN_MS ? wait : undefined;
      return { limit: `${limit} of ${label}`, retryAfterMs, isAsking: isAsking(gate) };
    },
  };
}

/** What of the minute of a gate is left for a request. */
function createMinutes(clock: () => number, { isAlone, of: shareOf }: Pick<FairShares, "isAlone" | "of">) {
  const msUntilRequest = (gate: Gate, time: number): number => {
    const { own, others, lease, requestsPerMinute: limit } = gate;
    if (limit === Number.POSITIVE_INFINITY) return 0;
    const share = lease && shareOf(gate);
    const wait = share ? msUntilShared(share.requests, 1, own.requests, time) : 0;
    if (wait > 0) return wait;
    if (lease && !isAlone()) return msUntilLeasedRequest(gate, lease, time);
    const before = own.requestsBefore + others.requestsBefore;
    return msUntilRoom(limit, 1, own.requests + others.requests, before, time);
  };

  const msUntilTokens = (gate: Gate, tokens: number, time: number): number => {
    const { own, others, lease, tokensPerMinute: limit } = gate;
    if (limit === Number.POSITIVE_INFINITY) return 0;
    const share = lease && shareOf(gate);
    const wait = share ? msUntilShared(share.tokens, tokens, own.tokens, time) : 0;
    if (wait > 0) return wait;
    if (lease && !isAlone()) return msUntilLeasedTokens(gate, lease, tokens, time);
    const before = own.tokensBefore + others.tokensBefore;
    return msUntilRoom(limit, tokens, own.tokens + others.tokens, before, time);
  };

  /** Nobody need be asked: there is a share, and it is used up. */
  const isShareUsed = (gate: Gate, tokens: number): boolean => {
    const { own, requestsPerMinute, tokensPerMinute } = gate;
    const share = shareOf(gate);
    if (!share) return false;
    if (requestsPerMinute !== Number.POSITIVE_INFINITY && own.requests + 1 > share.requests) return true;
    return tokensPerMinute !== Number.POSITIVE_INFINITY && msUntilShared(share.tokens, tokens, own.tokens, 0) > 0;
  };

  const roll = (gate: Gate): number => {
    const time = clock();
    const minute = minuteOf(time);
    rollTo(gate.own, minute);
    rollTo(gate.others, minute);
    if (gate.lease) rollLease(gate.lease, gate.own.minute);
    return time;
  };

  const msUntil = (gate: Gate, tokens: number): number => {
    if (!gate.isRated) return 0;
    const time = roll(gate);
    return Math.max(msUntilRequest(gate, time), msUntilTokens(gate, tokens, time));
  };

  return { msUntilRequest, msUntilTokens, roll, msUntil, isShareUsed };
}
