export const MINUTE_MS = 60_000;

/** What passed in a minute, counted from the epoch, and in the one before it. */
export interface MinuteUsage {
  minute: number;
  requests: number;
  tokens: number;
  requestsBefore: number;
  tokensBefore: number;
}

export const createMinuteUsage = (minute: number): MinuteUsage => ({
  minute,
  requests: 0,
  tokens: 0,
  requestsBefore: 0,
  tokensBefore: 0,
});

export const minuteOf = (time: number): number => Math.floor(time / MINUTE_MS);

/** Moves the usage on to a minute. A clock that was set back takes nothing away: what was counted stays in this minute. */
export function rollTo(usage: MinuteUsage, minute: number): void {
  if (minute === usage.minute) return;
  if (minute > usage.minute) {
    const isNext = minute === usage.minute + 1;
    usage.requestsBefore = isNext ? usage.requests : 0;
    usage.tokensBefore = isNext ? usage.tokens : 0;
    usage.requests = 0;
    usage.tokens = 0;
  }
  usage.minute = minute;
}

/**
 * How long it is until so much more fits below a limit for a minute, if nothing else passes until then. The minute before
 * counts by the part of it that a window of a minute would still see, as if it had been used evenly, rounded down. So no
 * minute of the clock has more than the limit, and no other sixty seconds more than twice the limit, however uneven the
 * load is; at an even rate it is the limit.
 * @param need more than the limit is taken for the whole limit: it passes alone, rather than never
 * @param current what passed in this minute
 * @param before what passed in the minute before
 * @param time milliseconds since the epoch
 * @returns whole milliseconds; 0 if it fits now
 */
export function msUntilRoom(limit: number, need: number, current: number, before: number, time: number): number {
  /** What may be used beside it is less than this. */
  const beside = limit - Math.min(need, limit) + 1;
  const intoMinute = time % MINUTE_MS;
  if (before * (1 - intoMinute / MINUTE_MS) + current < beside) return 0;
  /** The time within a minute from which on less than that is left of `earlier`. */
  const fadesAt = (earlier: number, left: number): number =>
    Math.floor(Math.max(0, 1 - left / earlier) * MINUTE_MS) + 1;
  const wait =
    current < beside
      ? fadesAt(before, beside - current) - intoMinute
      : MINUTE_MS - intoMinute + fadesAt(current, beside);
  return Math.max(1, Math.ceil(wait));
}
