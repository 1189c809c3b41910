import type { TimerSource } from "../../src/upstream/deadlines.ts";

/** The longest delay that the runtime's timers take; a longer one would end at once. */
export const LONGEST_DELAY_MS = 2 ** 31 - 1;

/** A clock that stands still until a test moves it, with the timers that hang on it. */
export interface ManualClock extends TimerSource {
  /**
   * Moves the time on. Timers that fall due run in order, each at its own time, and what they set going through promises
   * has settled before the next one.
   */
  advance(milliseconds: number): Promise<void>;
  /** How many timers were ever set. */
  timersSet(): number;
  /** How many timers are waiting. */
  timersWaiting(): number;
}

/** Runs everything that resolved promises have set going. */
export const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** @param startsAt what the clock shows first, in milliseconds; not zero, so that nothing takes a time for a duration. */
export function createManualClock(startsAt = 1_000_000): ManualClock {
  interface Timer {
    readonly at: number;
    readonly callback: () => void;
  }
  const waiting = new Set<Timer>();
  let time = startsAt;
  let timersSet = 0;

  const nextDue = (until: number): Timer | undefined => {
    let next: Timer | undefined;
    for (const timer of waiting) {
      if (timer.at <= until && (next === undefined || timer.at < next.at)) next = timer;
    }
    return next;
  };

  return {
    now: () => time,
    setTimer(callback, delayMs) {
      if (!(delayMs >= 0 && delayMs <= LONGEST_DELAY_MS)) throw new RangeError(`no timer takes a delay of ${delayMs}`);
      const timer: Timer = { at: time + delayMs, callback };
      waiting.add(timer);
      timersSet++;
      return timer;
    },
    clearTimer(timer) {
      waiting.delete(timer as Timer);
    },
    async advance(milliseconds) {
      const until = time + milliseconds;
      await settle();
      for (let timer = nextDue(until); timer; timer = nextDue(until)) {
        waiting.delete(timer);
        time = timer.at;
        timer.callback();
        await settle();
      }
      time = until;
    },
    timersSet: () => timersSet,
    timersWaiting: () => waiting.size,
  };
}
