import { callEach, type OnFault } from "../core/faults.ts";
import type { TimerSource } from "../core/deadlines.ts";

/**
 * Lines are buffered until so long after those before them, because to write out thirty costs little more than to write out
 * one: at 300 chats a second, lines that are buffered for 5 ms cost 60 µs of the 340 that a chat takes on a busy machine, and
 * those that are buffered for 100 ms no more than what cannot be told from chance. The first line after a while goes out in the
 * next turn, which is soon enough for people, and those of what failed always do. A process that is killed loses the lines
 * of that time.
 */
const FLUSH_MS = 100;

/** Keeps those who write their lines later, and has them write. */
export function createDeferredWrites(onFault?: OnFault) {
  const writers: (() => void)[] = [];
  let isCatchingUp = false;
  return {
    isCatchingUp: () => isCatchingUp,
    add: (write: () => void): void => void writers.push(write),
    catchUp(): void {
      // A line of these may fill a batch, which is written out, upon which a line may be written that was not deferred.
      if (isCatchingUp) return;
      isCatchingUp = true;
      callEach(writers, (write) => write(), onFault);
      isCatchingUp = false;
    },
  };
}

/**
 * Makes what is to be called whenever there are lines in the buffer.
 * @param flush called when they have been there for long enough: in the next turn if that is urgent or none were for a while
 */
export function createFlushTimer(
  { now, setTimer, clearTimer }: TimerSource,
  flush: () => void,
): (isUrgent: boolean) => void {
  let timer: unknown;
  let isNext = false;
  let endedAt = Number.NEGATIVE_INFINITY;

  const end = (): void => {
    timer = undefined;
    isNext = false;
    endedAt = now();
    flush();
  };

  return (isUrgent) => {
    if (isNext || (timer !== undefined && !isUrgent)) return;
    const delay = isUrgent ? 0 : endedAt + FLUSH_MS - now();
    if (delay > 0) {
      timer = setTimer(end, delay);
      return;
    }
    clearTimer(timer);
    timer = undefined;
    isNext = true;
    setImmediate(end);
  };
}
