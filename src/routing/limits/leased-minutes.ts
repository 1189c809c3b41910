import type { TimerSource } from "../../core/deadlines.ts";
import type { MinuteAmount, MinuteAnswer, MinuteClaim, MinuteLeases } from "../sharing/minutes.ts";
import type { Gate } from "./gate.ts";
import type { MinuteLease } from "./minute-lease.ts";

export interface LeasedMinutesParts {
  readonly minutes: MinuteLeases;
  readonly gates: ReadonlyMap<string, Gate>;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  readonly timers: Pick<TimerSource, "setTimer" | "clearTimer">;
  /** Puts aside what a gate counts of minutes that are over. */
  readonly roll: (gate: Gate) => void;
  /** A gate may have room, or it is known now that it has none: those who wait there are to be asked. */
  readonly onAnswer: (gate: Gate) => void;
}

/** Claims, for the gates of this process, what passes there in minutes that are shared with other processes. */
export interface LeasedMinutes {
  /** Whoever keeps the minutes is away: this process goes on by itself. */
  isAlone(): boolean;
  /** Something is asked for at the gate. */
  isAsking(gate: Gate): boolean;
  /** A request of so many tokens needs more than there is. */
  ask(gate: Gate, tokens: number): void;
  /** Something has passed: asks for more before there is none left. */
  passed(gate: Gate): void;
  /** What has passed in this minute was more, or less, than was thought. */
  corrected(gate: Gate): void;
  /** As {@link corrected}, of the minute before. */
  correctedBefore(gate: Gate): void;
  /** The limits of the gate are others now. */
  changed(gate: Gate): void;
  close(): void;
}

/** What was not used for so long to twice as long is given back, in milliseconds. */
const GIVE_BACK_MS = 1000;
/** More is asked for when one part in so many of what was there is left. */
const LOW_PARTS = 4;

export function leaseMinutes({ minutes, gates, clock, timers, roll, onAnswer }: LeasedMinutesParts): LeasedMinutes {
  const toClaim = new Set<Gate>();
  const asked = new Set<Gate>();
  /** Those with something that is not used. */
  const spare = new Set<Gate>();
  let sequence = 0;
  let isAlone = false;
  let patience: unknown;
  let idle: unknown;

  const claimSoon = (gate: Gate): void => {
    if (isAlone || (gate.lease?.asked ?? 0) > 0) return;
    if (toClaim.size === 0) queueMicrotask(claimAll);
    toClaim.add(gate);
  };

  const claimAll = (): void => {
    const all = [...toClaim];
    toClaim.clear();
    for (const gate of all) if (gate.lease?.asked === 0) claim(gate, gate.lease, true);
  };

  /** @param asks false to say only what was used, and what is still held */
  const claim = (gate: Gate, lease: MinuteLease, asks: boolean): void => {
    if (isAlone) return;
    roll(gate);
    lease.asked = sequence += 1;
    lease.hasSaidSpare = hasSpare(gate, lease);
    asked.add(gate);
    if (patience === undefined) patience = timers.setTimer(losePatience, minutes.patienceMs);
    minutes.claim({ ...claimOf(gate, lease, clock()), sequence, asks });
  };

  const answered = (answer: MinuteAnswer): void => {
    // A late answer says that somebody is there again.
    if (isAlone) return setAlone(false);
    const gate = gates.get(answer.gate);
    if (gate?.lease?.asked !== answer.sequence) return;
    const { lease } = gate;
    settleAsked(gate, lease);
    roll(gate);
    if (answer.minute === lease.minute) take(gate, lease, answer);
    lease.isNeeded = false;
    if (gate.waiting > 0) onAnswer(gate);
    setLow(gate, lease);
    if (lease.isWanted) giveBack(gate, lease);
    else watchSpare(gate, lease);
  };

  const take = (gate: Gate, lease: MinuteLease, answer: MinuteAnswer): void => {
    const { held, requestsWaitMs, tokensWaitMs } = answer;
    const time = clock();
    lease.requests = held.requests;
    lease.tokens = held.tokens;
    lease.processes = answer.processes;
    if (requestsWaitMs > 0) lease.refusedUntil = time + requestsWaitMs;
    if (tokensWaitMs > 0) {
      lease.tokensRefusedUntil = time + tokensWaitMs;
      lease.tokensRefused = Math.min(lease.neededTokens, gate.tokensPerMinute);
    }
  };

  /** By what is left when those who waited have passed. */
  const setLow = ({ own }: Gate, lease: MinuteLease): void => {
    lease.lowRequests = Math.max(0, Math.floor((lease.requests - own.requests) / LOW_PARTS));
    lease.lowTokens = Math.max(0, Math.floor((lease.tokens - own.tokens) / LOW_PARTS));
  };

  const settleAsked = (gate: Gate, lease: MinuteLease): void => {
    lease.asked = 0;
    asked.delete(gate);
    if (asked.size > 0) return;
    timers.clearTimer(patience);
    patience = undefined;
  };

  const losePatience = (): void => {
    patience = undefined;
    if (asked.size > 0) setAlone(true);
  };

  const setAlone = (isNow: boolean): void => {
    if (isAlone === isNow) return;
    isAlone = isNow;
    timers.clearTimer(patience);
    patience = undefined;
    asked.clear();
    toClaim.clear();
    for (const gate of gates.values()) {
      const { lease } = gate;
      if (!lease || !gate.isRated) continue;
      const processes = Math.max(lease.processes, minutes.processes());
      Object.assign(lease, {
        asked: 0,
        isWanted: false,
        isNeeded: false,
        refusedUntil: 0,
        tokensRefusedUntil: 0,
        processes,
      });
      roll(gate);
      // Who has been away may have lost what it knew.
      if (!isNow && gate.own.requests + gate.own.requestsBefore > 0) giveBack(gate, lease);
      if (gate.waiting > 0) onAnswer(gate);
    }
  };

  const giveBack = (gate: Gate, lease: MinuteLease): void => {
    roll(gate);
    const { requests, tokens } = usedOf(gate);
    Object.assign(lease, { requests, tokens, lowRequests: 0, lowTokens: 0, isWanted: false });
    spare.delete(gate);
    claim(gate, lease, lease.isNeeded);
  };

  const watchSpare = (gate: Gate, lease: MinuteLease): void => {
    if (!hasSpare(gate, lease)) return;
    spare.add(gate);
    idle ??= timers.setTimer(giveIdleBack, GIVE_BACK_MS);
  };

  const giveIdleBack = (): void => {
    idle = undefined;
    for (const gate of [...spare]) {
      const { lease } = gate;
      if (!lease || isAlone) spare.delete(gate);
      else if (lease.asked === 0) lookForIdle(gate, lease);
    }
    if (spare.size > 0) idle = timers.setTimer(giveIdleBack, GIVE_BACK_MS);
  };

  const lookForIdle = (gate: Gate, lease: MinuteLease): void => {
    const { minute } = lease;
    roll(gate);
    const { requests, tokens } = usedOf(gate);
    const isIdle = lease.seen?.requests === requests && lease.seen.tokens === tokens;
    lease.seen = { requests, tokens };
    if (isIdle || minute !== lease.minute) giveBack(gate, lease);
    else if (!hasSpare(gate, lease)) spare.delete(gate);
  };

  minutes.listen({
    answered,
    wanted(name) {
      const gate = gates.get(name);
      if (!gate?.lease || isAlone) return;
      // What it says of what is not used is on its way.
      if (gate.lease.asked > 0 && !gate.lease.hasSaidSpare) gate.lease.isWanted = true;
      else giveBack(gate, gate.lease);
    },
    freed(name) {
      const gate = gates.get(name);
      if (!gate?.lease) return;
      Object.assign(gate.lease, { refusedUntil: 0, tokensRefusedUntil: 0 });
      if (gate.waiting > 0) onAnswer(gate);
    },
    away: setAlone,
  });

  return {
    isAlone: () => isAlone,
    isAsking: ({ lease }) => lease?.isNeeded === true && !isAlone,
    ask(gate, tokens) {
      const { lease } = gate;
      if (!lease || isAlone) return;
      if (!lease.isNeeded) {
        lease.isNeeded = true;
        lease.neededTokens = Math.ceil(Math.min(tokens, gate.tokensPerMinute));
      }
      claimSoon(gate);
    },
    passed(gate) {
      const { lease, own } = gate;
      if (!lease) return;
      const isLow = own.requests + lease.lowRequests > lease.requests && lease.lowRequests > 0;
      if (!isLow && !(own.tokens + lease.lowTokens > lease.tokens && lease.lowTokens > 0)) return;
      lease.lowRequests = 0;
      lease.lowTokens = 0;
      claimSoon(gate);
    },
    corrected(gate) {
      const { lease, own } = gate;
      if (!lease) return;
      // What is missing is made good before anybody gets more.
      if (own.tokens > lease.tokens) claimSoon(gate);
      else watchSpare(gate, lease);
    },
    correctedBefore: claimSoon,
    changed(gate) {
      const { lease } = gate;
      if (lease && lease.minute >= 0 && lease.asked === 0) giveBack(gate, lease);
    },
    close() {
      timers.clearTimer(patience);
      timers.clearTimer(idle);
    },
  };
}

/** Whole numbers, rounded up. */
const usedOf = ({ own }: Gate): MinuteAmount => ({ requests: own.requests, tokens: Math.ceil(own.tokens) });

const hasSpare = ({ own, requestsPerMinute, tokensPerMinute }: Gate, lease: MinuteLease): boolean =>
  (requestsPerMinute !== Number.POSITIVE_INFINITY && lease.requests > own.requests) ||
  (tokensPerMinute !== Number.POSITIVE_INFINITY && lease.tokens >= own.tokens + 1);

const limitOf = (limit: number): number | undefined => (limit === Number.POSITIVE_INFINITY ? undefined : limit);

function claimOf(gate: Gate, lease: MinuteLease, at: number): Omit<MinuteClaim, "sequence" | "asks"> {
  const { key, own, requestsPerMinute, tokensPerMinute, waiting } = gate;
  const used = usedOf(gate);
  const requests = lease.isNeeded ? 1 : 0;
  const tokens = lease.isNeeded ? lease.neededTokens : 0;
  const many = lease.isNeeded ? Math.max(1, waiting) : 0;
  return {
    ...{ gate: key, minute: own.minute, at, used },
    limits: { requests: limitOf(requestsPerMinute), tokens: limitOf(tokensPerMinute) },
    before: { requests: own.requestsBefore, tokens: Math.ceil(own.tokensBefore) },
    held: { requests: Math.max(lease.requests, used.requests), tokens: Math.max(lease.tokens, used.tokens) },
    need: { requests, tokens },
    wish: { requests: many, tokens: many * tokens },
  };
}
