import { type OnFault, throwApart } from "./faults.ts";
import { type LinkedListNode, createLinkedList } from "./linked-list.ts";

/** One wait that must end: moved by its owner as the wait goes on, and released on every exit. */
export interface Deadline extends LinkedListNode<Deadline> {
  /** When it expires, in milliseconds of the monotonic clock. May be moved later freely; use `move` to make it earlier. */
  expiresAt: number;
  onExpire(): void;
}

/**
 * All deadlines of the process on one timer: opening, moving and releasing one costs no timer of its own, which matters
 * because every chunk of every stream pushes its deadline back.
 */
export interface Deadlines {
  open(expiresAt: number, onExpire: () => void): Deadline;
  /** Watches over a deadline that its owner has made. */
  add(deadline: Deadline): void;
  /** Sets a new time, earlier or later. */
  move(deadline: Deadline, expiresAt: number): void;
  /** Forgets the deadline; it will not expire any more. */
  release(deadline: Deadline): void;
  /** How many are open. */
  size(): number;
}

export interface TimerSource {
  /** Milliseconds of a monotonic clock. */
  readonly now: () => number;
  readonly setTimer: (callback: () => void, delayMs: number) => unknown;
  readonly clearTimer: (timer: unknown) => void;
}

/** The machine's clock, and waits that do not keep the process alive. */
export const BACKGROUND_TIMERS: TimerSource = {
  now: () => performance.now(),
  setTimer: (callback, delayMs) => setTimeout(callback, delayMs).unref(),
  clearTimer: (timer) => clearTimeout(timer as Timer),
};

/** The same, with waits that do. */
export const FOREGROUND_TIMERS: TimerSource = {
  ...BACKGROUND_TIMERS,
  setTimer: (callback, delayMs) => setTimeout(callback, delayMs),
};

/** The longest delay that timers take; a later deadline is looked at again then. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** @param onFault gets what one throws that expires: the others expire all the same */
export function createDeadlines({ now, setTimer, clearTimer }: TimerSource, onFault: OnFault = throwApart): Deadlines {
  const open = createLinkedList<Deadline>();
  let timer: unknown;
  let timerAt = Number.POSITIVE_INFINITY;

  const arm = (at: number): void => {
    if (at >= timerAt) return;
    if (timer !== undefined) clearTimer(timer);
    timerAt = at;
    timer = setTimer(sweep, Math.min(Math.max(0, Math.ceil(at - now())), MAX_TIMER_MS));
  };

  const expire = (deadline: Deadline): void => {
    try {
      deadline.onExpire();
    } catch (error) {
      onFault(error);
    }
  };

  const sweep = (): void => {
    timer = undefined;
    timerAt = Number.POSITIVE_INFINITY;
    const time = now();
    let earliest = Number.POSITIVE_INFINITY;
    for (const deadline of open.members()) {
      // One that expired before this one may have released it.
      if (!open.has(deadline)) continue;
      if (deadline.expiresAt <= time) {
        open.remove(deadline);
        expire(deadline);
      } else if (deadline.expiresAt < earliest) {
        earliest = deadline.expiresAt;
      }
    }
    // An expiry may have opened new deadlines, and armed the timer for them.
    if (earliest < timerAt) arm(earliest);
  };

  const add = (deadline: Deadline): void => {
    open.append(deadline);
    arm(deadline.expiresAt);
  };

  return {
    open(expiresAt, onExpire) {
      const deadline: Deadline = { expiresAt, onExpire, previous: undefined, next: undefined };
      add(deadline);
      return deadline;
    },
    add,
    move(deadline, expiresAt) {
      deadline.expiresAt = expiresAt;
      add(deadline);
    },
    release(deadline) {
      open.remove(deadline);
    },
    size: open.size,
  };
}
