import { type MinuteShare, sumOf } from "./minute-ledger.ts";
import type { MinuteAmount } from "./minutes.ts";

/** Who has said nothing of what it uses for so long, in milliseconds, has used nothing since: others are told sooner. */
const TOLD_AFTER_MS = 250;

/** What a worker has of a minute. */
export interface Share extends MinuteShare {
  /** The worker; undefined once it has ended. */
  worker: number | undefined;
  /** When something was last said of what is used. */
  toldAt: number;
  /** It was asked for what it has not used, and has not said yet what that is. */
  isAsked: boolean;
}

/** A minute, and who has what of it and of the one before. */
export interface WorkerMinute {
  minute: number;
  shares: Share[];
  before: { readonly worker: number | undefined; amount: MinuteAmount }[];
}

/** Moves on to a later minute. What was held counts as used until the worker says how much it was. */
export function rollTo(gate: WorkerMinute, minute: number): void {
  const isNext = minute === gate.minute + 1;
  gate.before = isNext ? gate.shares.map(({ worker, held }) => ({ worker, amount: held })) : [];
  gate.shares = [];
  gate.minute = minute;
}

/** The worker has ended: what it may have used without having said so counts as used. */
export function endWorker(gate: WorkerMinute, worker: number, now: number): void {
  for (const share of gate.shares) {
    if (share.worker !== worker) continue;
    Object.assign(share, { worker: undefined, isAsked: false });
    if (share.toldAt + TOLD_AFTER_MS <= now) share.held = share.used;
  }
  for (const each of gate.before) if (each.worker === worker) Object.assign(each, { worker: undefined });
}

export const shareOf = ({ shares }: WorkerMinute, worker: number): Share | undefined =>
  shares.find((share) => share.worker === worker);

/** @returns whether it is less than was known */
export function setBefore({ before }: WorkerMinute, worker: number, amount: MinuteAmount): boolean {
  const known = before.find((each) => each.worker === worker);
  const isLess = known !== undefined && isBelow(amount, known.amount);
  if (known) known.amount = amount;
  else if (amount.requests > 0 || amount.tokens > 0) before.push({ worker, amount });
  return isLess;
}

export const isBelow = (one: MinuteAmount, other: MinuteAmount): boolean =>
  one.requests < other.requests || one.tokens < other.tokens;

export const mostOf = (one: MinuteAmount, other: MinuteAmount): MinuteAmount => ({
  requests: Math.max(one.requests, other.requests),
  tokens: Math.max(one.tokens, other.tokens),
});

export const sumsOf = ({ shares, before }: WorkerMinute, own: Share | undefined, processes: number) => ({
  others: sumOf(shares.filter((share) => share !== own).map(({ held }) => held)),
  before: sumOf(before.map(({ amount }) => amount)),
  processes,
});
