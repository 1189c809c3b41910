/** Decides whether another repeat fits into the time that a bench may take. */
export interface Budget {
  /**
   * Runs `repeat` up to `times` times, at least once, and stops early where one more of the length of the last would end
   * after the given share of the whole time.
   */
  repeat(times: number, share: number, repeat: (index: number) => Promise<void>): Promise<void>;
}

/**
 * @param seconds for everything; `Infinity` for no limit
 * @param now seconds since the start
 */
export function createBudget(seconds: number, now: () => number): Budget {
  return {
    async repeat(times, share, repeat) {
      for (let index = 0; index < times; index += 1) {
        const beganAt = now();
        await repeat(index);
        const endedAt = now();
        if (endedAt + (endedAt - beganAt) > seconds * share) return;
      }
    },
  };
}
