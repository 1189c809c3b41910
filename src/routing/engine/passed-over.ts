import type { Waiting } from "./waiting.ts";

/** Those who were passed over are looked at so soon, then each time after twice as long, up to the longest; in milliseconds. */
const FIRST_LOOK_MS = 20;
const LONGEST_LOOK_MS = 1000;

export interface PassedOverParts<Entered> {
  /** Milliseconds of the monotonic clock. */
  readonly now: () => number;
  readonly waiting: Pick<Waiting, "sleepUntil">;
  /** Somebody was not asked, as it cooled, had no room, or was not known to have any. */
  readonly isLeft: () => boolean;
  /** Asks one of them that does not cool any more and has room, if there is one. */
  readonly enter: () => Entered | undefined;
}

/**
 * Sleeps until somebody who has failed may be asked again, which may be a minute, and asks whoever was passed over as soon
 * as that is possible: it may be so within milliseconds, as when only the word was late that its minute has room.
 * @returns undefined if the time has come
 * @throws Failure what ends the request
 */
export async function enterPassedOver<Entered>(
  until: number,
  { now, waiting, isLeft, enter }: PassedOverParts<Entered>,
): Promise<Entered | undefined> {
  for (let lookMs = FIRST_LOOK_MS; isLeft(); lookMs = Math.min(2 * lookMs, LONGEST_LOOK_MS)) {
    const at = now() + lookMs;
    if (at >= until) break;
    await waiting.sleepUntil(at);
    const entered = enter();
    if (entered) return entered;
  }
  await waiting.sleepUntil(until);
  return undefined;
}
