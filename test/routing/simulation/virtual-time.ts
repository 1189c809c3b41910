import type { TimerSource } from "../../../src/core/deadlines.ts";
import { settle } from "../../fixtures/manual-clock.ts";

interface Timer {
  readonly at: number;
  readonly number: number;
  readonly callback: () => void;
}

/** A clock that stands still unless a timer is due, with a heap of timers: a schedule has thousands. */
export interface VirtualTime extends TimerSource {
  /** Lets the next timer that is due by then come, and everything that it sets going. @returns false if there is none */
  step(until: number): Promise<boolean>;
  waiting(): number;
}

const isBefore = (one: Timer, other: Timer): boolean =>
  one.at < other.at || (one.at === other.at && one.number < other.number);

export function createVirtualTime(startsAt: number): VirtualTime {
  const heap: Timer[] = [];
  const cleared = new Set<Timer>();
  let time = startsAt;
  let count = 0;

  const push = (timer: Timer): void => {
    let at = heap.push(timer) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const other = heap[parent];
      if (!other || !isBefore(timer, other)) break;
      heap[at] = other;
      at = parent;
    }
    heap[at] = timer;
  };

  const pop = (): Timer | undefined => {
    const first = heap[0];
    const last = heap.pop();
    if (!first || !last || heap.length === 0) return first;
    let at = 0;
    for (;;) {
      const [left, right] = [heap[2 * at + 1], heap[2 * at + 2]];
      const isRight = left !== undefined && right !== undefined && isBefore(right, left);
      const child = isRight ? right : left;
      if (!child || !isBefore(child, last)) break;
      heap[at] = child;
      at = 2 * at + (isRight ? 2 : 1);
    }
    heap[at] = last;
    return first;
  };

  return {
    now: () => time,
    setTimer(callback, delayMs) {
      const timer: Timer = { at: time + Math.max(0, delayMs), number: count++, callback };
      push(timer);
      return timer;
    },
    clearTimer: (timer) => void cleared.add(timer as Timer),
    async step(until) {
      for (let first = heap[0]; first && first.at <= until; first = heap[0]) {
        pop();
        if (cleared.delete(first)) continue;
        time = first.at;
        first.callback();
        // All that is due at the same time, so that the order in which it comes is one of many.
        if (heap[0]?.at !== time) await settle();
        return true;
      }
      return false;
    },
    waiting: () => heap.filter((timer) => !cleared.has(timer)).length,
  };
}
