import { callEach } from "./faults.ts";
import type { TimerSource } from "./deadlines.ts";

/** The time is looked at so often, in milliseconds. */
const TICK_MS = 5;
/** A turn that took longer than it should counts for no more than this, however long it was, in milliseconds. */
const LATE_MS = 10;

interface Wait {
  /** In milliseconds of the clock of these timers. */
  readonly at: number;
  readonly callback: () => void;
}

/**
 * Timers, with a clock of their own, that count only the time in which this process could hear what others said. While it is
 * busy, or is not given the processor, answers lie unread in its sockets: such a turn of the event loop counts for no more
 * than {@link LATE_MS}, and what is due after it is done only once the sockets were looked at. The clock stands still while
 * nobody waits.
 */
export function createStallTolerantTimers({ now, setTimer, clearTimer }: TimerSource): TimerSource {
  const waits = new Set<Wait>();
  /** What the clock shows. */
  let elapsed = 0;
  let timer: unknown;
  /** When the timer was set, and for how long. */
  let setAt = 0;
  let delay = 0;
  let wasLate = false;

  const current = (): number => (timer === undefined ? elapsed : elapsed + Math.min(TICK_MS, now() - setAt));

  const arm = (delayMs: number): void => {
    setAt = now();
    delay = delayMs;
    timer = setTimer(tick, delayMs);
  };

  const armNext = (): void => {
    let next = TICK_MS;
    for (const { at } of waits) next = Math.min(next, at - elapsed);
    arm(Math.max(0, next));
  };

  const tick = (): void => {
    timer = undefined;
    const passed = now() - setAt;
    const isLate = passed > delay + TICK_MS;
    elapsed += isLate ? Math.min(LATE_MS, passed) : passed;
    // Not twice in a row, so that who is always busy is not kept waiting without end.
    if (isLate && !wasLate) {
      wasLate = true;
      return arm(0);
    }
    wasLate = false;
    callEach([...waits], (wait) => {
      // One before it may have cleared it.
      if (wait.at <= elapsed && waits.delete(wait)) wait.callback();
    });
    if (waits.size > 0 && timer === undefined) armNext();
  };

  return {
    now: current,
    setTimer(callback, delayMs) {
      const wait: Wait = { at: current() + delayMs, callback };
      waits.add(wait);
      // The one that is set is soon enough.
      if (timer !== undefined && elapsed + delay <= wait.at) return wait;
      elapsed = current();
      if (timer === undefined) wasLate = false;
      else clearTimer(timer);
      armNext();
      return wait;
    },
    clearTimer(wait) {
      waits.delete(wait as Wait);
      if (waits.size > 0 || timer === undefined) return;
      clearTimer(timer);
      timer = undefined;
    },
  };
}
