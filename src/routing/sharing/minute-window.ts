export const MINUTE_MS = 60_000;

/** The minute of a time in milliseconds since the epoch. */
export const minuteOf = (time: number): number => Math.floor(time / MINUTE_MS);

/** What still counts, at a time, of what passed in the minute before: as if it had been evenly spread, rounded down. */
export const fadedAt = (before: number, time: number): number =>
  Math.floor(before * (1 - (time % MINUTE_MS) / MINUTE_MS));

/**
 * How long it is until so much more fits below a limit for a minute, if nothing else passes until then. The minute before
 * counts by the part of it that a window of a minute would still see, as if it had been used evenly, rounded down. So no
 * minute of the clock has more than the limit, and no time span more than a token bucket of that size would let pass, which
 * is up to twice the limit in sixty seconds; at an even rate it is the limit.
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
