/** So many wait for each other at most, so that the first is not late when very many come in one turn. */
const MAX_TOGETHER = 32;

let waiting: (() => void)[] = [];

/**
 * Calls back at the end of this turn of the event loop, or when enough others wait for it too: the time to write. A write
 * to a process on the same machine that sleeps has to wake it, which costs more than the write; one write right behind
 * another finds it awake, and finds its own code in the cache.
 * @param write must not throw
 */
export function departTogether(write: () => void): void {
  const count = waiting.push(write);
  if (count === 1) setImmediate(departAll);
  else if (count === MAX_TOGETHER) departAll();
}

function departAll(): void {
  const leaving = waiting;
  waiting = [];
  for (const write of leaving) write();
}
