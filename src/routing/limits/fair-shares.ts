import { minuteOf } from "../sharing/minute-window.ts";
import { type MinuteAmount, type MinuteLeases, NOTHING } from "../sharing/minutes.ts";
import type { Gate } from "./gate.ts";

/**
 * Who was away is back for all processes within so long, in milliseconds. In the minutes until then each keeps to its share,
 * because those that are not back yet have not said what they have used.
 */
const REJOIN_MS = 15_000;

export interface FairSharesParts {
  readonly minutes: Pick<MinuteLeases, "processes">;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
}

/** What a process may let pass in the minutes in which those who keep them for all processes are away. */
export interface FairShares {
  /** They are away. */
  isAlone(): boolean;
  setAlone(isAlone: boolean): void;
  /** What may pass at a gate in its minute in all; undefined if those who keep the minutes know of all that passes in it. */
  of(gate: Gate): MinuteAmount | undefined;
  /** The limits of the gate are others now. */
  changed(gate: Gate): void;
}

export function createFairShares({ minutes, clock }: FairSharesParts): FairShares {
  let isAlone = false;
  /** The last minute in which this process keeps to its shares, although it is not alone any more. */
  let until = -1;

  const shareOf = ({ own, others, usedBy, lease, requestsPerMinute, tokensPerMinute }: Gate): MinuteAmount => {
    const { requests = 0, tokens = 0, others: held = NOTHING, processes = 1 } = lease ?? {};
    const many = Math.max(processes, usedBy.size + 1, minutes.processes());
    const share = (limit: number, used: number, granted: number, told: number, heldByOthers: number): number =>
      fairShare(limit, Math.max(used, granted), Math.max(told, heldByOthers), many);
    return {
      requests: share(requestsPerMinute, own.requests, requests, others.requests, held.requests),
      tokens: share(tokensPerMinute, own.tokens, tokens, others.tokens, held.tokens),
    };
  };

  return {
    isAlone: () => isAlone,
    setAlone(given) {
      if (isAlone && !given) until = minuteOf(clock() + REJOIN_MS);
      isAlone = given;
    },
    of(gate) {
      const { lease } = gate;
      if (!lease || (!isAlone && lease.minute > until)) return undefined;
      // Once for each minute, whatever becomes known later: the others may use their shares.
      if (lease.shareMinute !== lease.minute) {
        lease.shareMinute = lease.minute;
        lease.share = shareOf(gate);
      }
      return lease.share;
    },
    changed({ lease }) {
      if (lease) lease.shareMinute = -1;
    },
  };
}

/**
 * All processes go by the same rule, so that they do not pass the limit together as far as each knows what the others have:
 * none has more than its fair part of the limit, nor than its part of what was left, but for what it was granted before.
 * @param held what it was granted, or has used
 * @param others what the others hold or have used, as far as is known
 */
function fairShare(limit: number, held: number, others: number, processes: number): number {
  const part = Math.floor(limit / processes);
  // A limit below the number of processes keeps nobody out who knows of nothing that has passed.
  if (held + others === 0) return Math.max(1, part);
  const left = Math.max(0, limit - held - others);
  return Math.max(held, Math.min(part, held + Math.floor(left / processes)));
}
