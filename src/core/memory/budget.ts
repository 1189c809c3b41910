import type { ClientSignal } from "../client-request.ts";
import type { Deadline, Deadlines } from "../deadlines.ts";
import { Failure } from "../errors.ts";

/** Whoever holds a part of the budget: a request, for as long as it is in flight. */
export interface MemoryHolder {
  /** Bytes that it holds; {@link RELEASED} once it holds nothing any more for good. Only the budget changes it. */
  heldBytes: number;
}

/** `heldBytes` of a holder that is over. */
const RELEASED = -1;

/**
 * How much memory all requests together may hold: bodies that are read, decompressed and parsed, conversations with
 * tools, and answers that are buffered. What a holder holds is set as a whole, not added to, so that it cannot drift.
 */
export interface MemoryBudget {
  /** Bytes. */
  readonly limit: number;
  /** Bytes that are held by all holders together. */
  used(): number;
  /** How many wait for bytes to be freed. */
  waiting(): number;
  /**
   * Sets how many bytes a holder holds, if that fits; fewer than before always do.
   * @returns false if it does not fit, or if the holder is over: it then holds what it held before.
   */
  tryHold(holder: MemoryHolder, bytes: number): boolean;
  /**
   * Like `tryHold`, but waits a few seconds for others to free what is missing.
   * @param signal ends the wait
   * @returns undefined if it fits at once, as it nearly always does. Rejects with a {@link Failure}: `memory_exhausted`
   * after the wait or if too many wait already, `body_too_large` if it could never fit, `client_gone` if `signal` aborts.
   */
  hold(holder: MemoryHolder, bytes: number, signal: ClientSignal): Promise<void> | undefined;
  /** Takes back all that a holder holds, for good. A second call does nothing. */
  release(holder: MemoryHolder): void;
}

export interface MemoryBudgetOptions {
  readonly limit: number;
  readonly deadlines: Deadlines;
  /** Milliseconds of the clock of the deadlines. */
  readonly now: () => number;
  /** Makes the runtime free what nobody refers to any more. */
  readonly collect: () => void;
}

/** Long enough for a burst to pass, short enough for a client that has others to ask. */
export const MAX_WAIT_MS = 5000;

/** More than this do not wait; each holds a connection and what the system has received on it. */
export const MAX_WAITING = 256;

/** Who holds no more than this is small, and never waits behind others. */
const SMALL_BYTES = 2 * 1024 * 1024;

/** This part of the budget is for small ones, so that a few large bodies cannot keep everybody out. */
const SHARE_OF_SMALL = 1 / 8;

/**
 * Less than this at a time is left to the runtime's own collections. What is more is still there for a while after it was
 * given back: without a collection in between (7 ms), thirty bodies of a million values took 530 MiB within 256.
 */
const NOTICEABLE_BYTES = 1024 * 1024;

const RETRY_AFTER_SECONDS = 1;

interface Waiter {
  readonly holder: MemoryHolder;
  readonly bytes: number;
  /** Ends the wait: without a failure if the bytes are held. */
  readonly settle: (failure?: Failure) => void;
}

/** The most that may be held by all together once someone holds so many bytes. */
const limitFor = (limit: number, bytes: number): number =>
  bytes <= SMALL_BYTES ? limit : Math.floor(limit * (1 - SHARE_OF_SMALL));

/** Those who wait for bytes to be freed. */
function createQueue({
  limit,
  deadlines,
  now,
  tryHold,
}: Omit<MemoryBudgetOptions, "collect"> & Pick<MemoryBudget, "tryHold">) {
  /** In the order in which they came. */
  const waiters = new Set<Waiter>();

  /** In their order, but small ones go before a large one that does not fit yet. */
  const admit = (): void => {
    let isLargeWaiting = false;
    for (const waiter of waiters) {
      if (isLargeWaiting && waiter.bytes > SMALL_BYTES) continue;
      if (waiter.holder.heldBytes === RELEASED) waiter.settle(new Failure("client_gone"));
      else if (tryHold(waiter.holder, waiter.bytes)) waiter.settle();
      else if (waiter.bytes > SMALL_BYTES) isLargeWaiting = true;
      else return;
    }
  };

  const wait = (holder: MemoryHolder, bytes: number, signal: ClientSignal): Promise<void> => {
    if (bytes > limitFor(limit, bytes)) return Promise.reject(tooLargeForAll(limit));
    if (waiters.size >= MAX_WAITING) return Promise.reject(memoryExhausted());
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const leave = (): void => waiter.settle(new Failure("client_gone"));
    const deadline: Deadline = deadlines.open(now() + MAX_WAIT_MS, () => waiter.settle(memoryExhausted()));
    const waiter: Waiter = {
      holder,
      bytes,
      settle(failure) {
        waiters.delete(waiter);
        deadlines.release(deadline);
        signal.removeEventListener("abort", leave);
        if (!failure) return resolve();
        reject(failure);
        // It may have been what those behind it waited for.
        if (waiters.size > 0) admit();
      },
    };
    waiters.add(waiter);
    signal.addEventListener("abort", leave);
    if (signal.aborted) leave();
    return promise;
  };

  return { waiters, admit, wait };
}

export function createMemoryBudget({ limit, deadlines, now, collect }: MemoryBudgetOptions): MemoryBudget {
  let used = 0;
  /** Bytes that were given back since the last collection. */
  let uncollected = 0;

  const tryHold = (holder: MemoryHolder, bytes: number): boolean => {
    if (holder.heldBytes === RELEASED) return false;
    const more = bytes - holder.heldBytes;
    if (more <= 0) {
      giveBack(-more);
      holder.heldBytes = bytes;
      if (more < 0 && waiters.size > 0) queue.admit();
      return true;
    }
    if (used + more > limitFor(limit, bytes)) return false;
    if (uncollected > 0 && used + more + uncollected > limit) {
      uncollected = 0;
      collect();
    }
    holder.heldBytes = bytes;
    used += more;
    return true;
  };

  const giveBack = (bytes: number): void => {
    used -= bytes;
    if (bytes >= NOTICEABLE_BYTES) uncollected += bytes;
  };

  const queue = createQueue({ limit, deadlines, now, tryHold });
  const { waiters } = queue;

  return {
    limit,
    used: () => used,
    waiting: () => waiters.size,
    tryHold,
    hold(holder, bytes, signal) {
      const mayPass = waiters.size === 0 || bytes <= SMALL_BYTES || bytes <= holder.heldBytes;
      return mayPass && tryHold(holder, bytes) ? undefined : queue.wait(holder, bytes, signal);
    },
    release(holder) {
      if (holder.heldBytes === RELEASED) return;
      giveBack(holder.heldBytes);
      holder.heldBytes = RELEASED;
      if (waiters.size > 0) queue.admit();
    },
  };
}

/** The error for a client that cannot be served for lack of memory, with when to try again. */
export const memoryExhausted = (): Failure =>
  new Failure("memory_exhausted", { headers: { "retry-after": String(RETRY_AFTER_SECONDS) } });

const tooLargeForAll = (limit: number): Failure =>
  new Failure("body_too_large", {
    message: `Request body too large: with what comes of it, it takes more memory than SERVER_MAX_BUFFERED_BYTES (${limit}) allows`,
  });
