import type { SlotLeases } from "../sharing/sharing.ts";
import type { Gate, GateChain, Waiter } from "./gate.ts";
import type { GateRefusal } from "./gates.ts";
import { minuteOf, msUntilRoom, rollTo } from "./minute-usage.ts";

/** Whether there is room at gates. Changes nothing but that counts of a minute that is over are put aside. */
export interface Room {
  /** How many may be in flight at a gate in this process. */
  capacity(gate: Gate): number;
  /** How long it is until a request of so many tokens fits into the minute of a gate, in milliseconds; 0 if it does now. */
  msUntil(gate: Gate, tokens: number): number;
  /** Some request, however small, may pass now. */
  isOpen(gate: Gate): boolean;
  /** It is worth asking: all gates of one of its deployments are open. */
  isOpenFor(waiter: Waiter): boolean;
  /** Only slots that another process may give back keep a request from some deployment. */
  mayBeGranted(chains: readonly GateChain[]): boolean;
  /** When all minutes may have room for a request at some deployment, in milliseconds; undefined if that is not the matter. */
  soonest(chains: readonly GateChain[]): number | undefined;
  /** Why a request may not pass a gate: at its limit of what is in flight or of the minute. */
  refusal(gate: Gate, tokens: number): GateRefusal;
}

export function createRoom(clock: () => number, slots: SlotLeases | undefined): Room {
  const granted = slots
    ? ({ key, maxInFlight }: Gate): number => Math.min(slots.granted(key, maxInFlight), maxInFlight)
    : ({ maxInFlight }: Gate): number => maxInFlight;

  const capacity = (gate: Gate): number => (gate.maxInFlight === Number.POSITIVE_INFINITY ? Infinity : granted(gate));

  const msUntilRequest = ({ own, others, requestsPerMinute }: Gate, time: number): number => {
    const before = own.requestsBefore + others.requestsBefore;
    return msUntilRoom(requestsPerMinute, 1, own.requests + others.requests, before, time);
  };

  const msUntilTokens = ({ own, others, tokensPerMinute }: Gate, tokens: number, time: number): number => {
    const before = own.tokensBefore + others.tokensBefore;
    return msUntilRoom(tokensPerMinute, tokens, own.tokens + others.tokens, before, time);
  };

  const rolled = (gate: Gate): number => {
    const time = clock();
    const minute = minuteOf(time);
    rollTo(gate.own, minute);
    rollTo(gate.others, minute);
    return time;
  };

  const msUntil = (gate: Gate, tokens: number): number => {
    if (!gate.isRated) return 0;
    const time = rolled(gate);
    return Math.max(msUntilRequest(gate, time), msUntilTokens(gate, tokens, time));
  };

  const isOpen = (gate: Gate): boolean => gate.inFlight < capacity(gate) && msUntil(gate, 1) === 0;

  /** A slot of this gate is free, but not granted to this process. */
  const lacksGrant = (gate: Gate): boolean =>
    gate.inFlight >= capacity(gate) && capacity(gate) < gate.maxInFlight && msUntil(gate, 1) === 0;

  return {
    capacity,
    msUntil,
    isOpen,
    isOpenFor: ({ chains }) => chains.some((chain) => chain.every(isOpen)),
    mayBeGranted: (chains) =>
      slots !== undefined &&
      chains.some((chain) => chain.some(lacksGrant) && chain.every((gate) => lacksGrant(gate) || isOpen(gate))),
    soonest(chains) {
      const waits = chains.map((chain) => Math.max(0, ...chain.map((gate) => msUntil(gate, 1))));
      const soonest = Math.min(...waits);
      return soonest > 0 && soonest < Number.POSITIVE_INFINITY ? soonest : undefined;
    },
    refusal(gate, tokens) {
      const { label, maxInFlight, requestsPerMinute, tokensPerMinute } = gate;
      if (gate.inFlight >= capacity(gate)) {
        return { limit: `max_in_flight ${maxInFlight} of ${label}`, retryAfterMs: undefined };
      }
      const time = rolled(gate);
      const ofRequests = msUntilRequest(gate, time);
      const ofTokens = msUntilTokens(gate, tokens, time);
      const limit =
        ofRequests >= ofTokens ? `requests_per_minute ${requestsPerMinute}` : `tokens_per_minute ${tokensPerMinute}`;
      // Undefined if the room is only kept for those who came before.
      return { limit: `${limit} of ${label}`, retryAfterMs: Math.max(ofRequests, ofTokens) || undefined };
    },
  };
}
