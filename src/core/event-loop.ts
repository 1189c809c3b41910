import { throwApart } from "./faults.ts";

/** Work that may be long lets the event loop go on after so much time, in milliseconds. */
const TURN_MS = 8;

/**
 * Those who wait for a turn of their own, the first one first. In the module because the event loop is one for the process,
 * too: with two queues, two would have the same turn.
 */
let waiting: (() => void)[] = [];
let nextIndex = 0;
/** So many who have had theirs are kept at the front of the list before it is made anew. */
const MAX_SERVED = 1024;

/**
 * Resolves in a later turn of the event loop, which nobody else gets: what many have to do at once takes many turns, one
 * after the other, and not one long turn.
 */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    if (waiting.push(resolve) === 1) setImmediate(giveTurn);
  });
}

function giveTurn(): void {
  waiting[nextIndex++]?.();
  if (nextIndex < waiting.length) {
    if (nextIndex >= MAX_SERVED) {
      waiting = waiting.slice(nextIndex);
      nextIndex = 0;
    }
    // One that is set within another is due in the next turn.
    setImmediate(giveTurn);
    return;
  }
  waiting = [];
  nextIndex = 0;
}

/** Cuts long work into turns of the event loop. Wall time decides: on a busy machine turns only get shorter. */
export interface Turns {
  /** Whether the present turn has been long enough. */
  isOver(): boolean;
  /** Begins the next turn. */
  next(): Promise<void>;
}

export function openTurns(): Turns {
  let startedAt = performance.now();
  return {
    isOver: () => performance.now() - startedAt > TURN_MS,
    async next() {
      await nextTurn();
      startedAt = performance.now();
    },
  };
}

/** Long work that may be interrupted wherever it yields. */
export type Steps<Result> = Generator<void, Result, void>;

/** Does it in turns of the event loop. */
export async function inTurns<Result>(steps: Steps<Result>): Promise<Result> {
  const turns = openTurns();
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
    if (turns.isOver()) await turns.next();
  }
}

/** Does it in one go, for a process that has nothing else to do. */
export function atOnce<Result>(steps: Steps<Result>): Result {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

/** So many wait for each other at most, so that the first is not late when very many come in one turn. */
const MAX_BATCH = 32;

/** In the module because the turn of the event loop, at whose end they leave together, is one for the process, too. */
let writes: (() => void)[] = [];

/**
 * Calls back at the end of this turn of the event loop, or when enough others wait for it too: the time to write. A write
 * to a process on the same machine that sleeps has to wake it, which costs more than the write; one write right behind
 * another finds it awake, and finds its own code in the cache.
 * @param write whoever waits behind it is called back even if it throws, which it must not
 */
export function batchWrite(write: () => void): void {
  const count = writes.push(write);
  if (count === 1) setImmediate(writeBatch);
  else if (count === MAX_BATCH) writeBatch();
}

function writeBatch(): void {
  const leaving = writes;
  writes = [];
  for (const write of leaving) {
    try {
      write();
    } catch (error) {
      throwApart(error);
    }
  }
}
