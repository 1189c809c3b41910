import { MINUTE_MS } from "../sharing/minute-window.ts";
import { type MinuteAmount, NOTHING } from "../sharing/minutes.ts";

/** What this process may let pass at a gate in a minute that it shares with others. */
export interface MinuteLease {
  /** The minute it is of. */
  minute: number;
  /** How much may pass here in that minute in all. */
  requests: number;
  tokens: number;
  /** The sequence number of the claim that has not been answered; 0 if there is none. */
  asked: number;
  /** That claim said that there is something that was not used. */
  hasSaidSpare: boolean;
  /** Others need what is not used once it is answered. */
  isWanted: boolean;
  /** More is needed than there is: to be claimed next, for a request of so many tokens. */
  isNeeded: boolean;
  neededTokens: number;
  /** There is nothing for anybody until then, in milliseconds since the epoch; for so many tokens until then. */
  refusedUntil: number;
  tokensRefusedUntil: number;
  tokensRefused: number;
  /** Then it may be asked again all the same, because others may have given something back; in milliseconds since the epoch. */
  askAgainAt: number;
  /** More is asked for when no more than this is left; 0 if it is not. */
  lowRequests: number;
  lowTokens: number;
  /** What was used when it was last looked for what nobody uses. */
  seen: MinuteAmount | undefined;
  /** What all other processes held of that minute, and how many they were with this one, by the last answer. */
  others: MinuteAmount;
  processes: number;
  /** How much may pass here in all in a minute in which those who keep it were away, and which minute that is. */
  share: MinuteAmount;
  shareMinute: number;
}

export const createMinuteLease = (): MinuteLease => ({
  minute: -1,
  requests: 0,
  tokens: 0,
  asked: 0,
  hasSaidSpare: false,
  isWanted: false,
  isNeeded: false,
  neededTokens: 0,
  refusedUntil: 0,
  tokensRefusedUntil: 0,
  tokensRefused: 0,
  askAgainAt: 0,
  lowRequests: 0,
  lowTokens: 0,
  seen: undefined,
  others: NOTHING,
  processes: 1,
  share: NOTHING,
  shareMinute: -1,
});

/** What of a gate a lease is for. */
interface Limited {
  readonly own: MinuteAmount;
  readonly requestsPerMinute: number;
  readonly tokensPerMinute: number;
}

/** With each minute everything is anew. */
export function rollLease(lease: MinuteLease, minute: number): void {
  if (lease.minute === minute) return;
  Object.assign(lease, { minute, requests: 0, tokens: 0, lowRequests: 0, lowTokens: 0, seen: undefined });
  Object.assign(lease, { refusedUntil: 0, tokensRefusedUntil: 0, others: NOTHING });
}

/** It is not known how long one has to wait, because the claim that would say so is not answered, or not made. */
export const UNKNOWN_MS = Number.MIN_VALUE;

/** How long it is until a request may pass by a lease, in milliseconds; 0 if it may now, {@link UNKNOWN_MS} if nobody knows. */
export function msUntilLeasedRequest({ own, requestsPerMinute }: Limited, lease: MinuteLease, time: number): number {
  if (requestsPerMinute === Number.POSITIVE_INFINITY || own.requests < lease.requests) return 0;
  return lease.refusedUntil > time && lease.askAgainAt > time ? lease.refusedUntil - time : UNKNOWN_MS;
}

/** As {@link msUntilLeasedRequest}, for its tokens; more than the limit is taken for the whole limit. */
export function msUntilLeasedTokens(
  { own, tokensPerMinute }: Limited,
  lease: MinuteLease,
  tokens: number,
  time: number,
): number {
  const need = Math.min(tokens, tokensPerMinute);
  if (tokensPerMinute === Number.POSITIVE_INFINITY || own.tokens + need <= lease.tokens) return 0;
  const isRefused = lease.tokensRefusedUntil > time && lease.askAgainAt > time && need >= lease.tokensRefused;
  return isRefused ? lease.tokensRefusedUntil - time : UNKNOWN_MS;
}

/** How long it is until so much may pass, of a share of the minute. */
export function msUntilShared(share: number, need: number, used: number, time: number): number {
  const fits = share > 0 && used + Math.min(need, share) <= share;
  return fits ? 0 : MINUTE_MS - (time % MINUTE_MS);
}
