/** Work that may be long lets the event loop go on after so much time, in milliseconds. */
const TURN_MS = 8;

/** Resolves once the event loop has looked at what else there is to do. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
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
