/** So many wait for each other at most, so that the first is not late when very many come in one turn. */
const MAX_BATCH = 32;

/** In the module because the turn of the event loop, at whose end they leave together, is one for the process, too. */
let waiting: (() => void)[] = [];

/**
 * Calls back at the end of this turn of the event loop, or when enough others wait for it too: the time to write. A write
 * to a process on the same machine that sleeps has to wake it, which costs more than the write; one write right behind
 * another finds it awake, and finds its own code in the cache.
 * @param write must not throw
 */
export function batchWrite(write: () => void): void {
  const count = waiting.push(write);
  if (count === 1) setImmediate(writeBatch);
  else if (count === MAX_BATCH) writeBatch();
}

function writeBatch(): void {
  const leaving = waiting;
  waiting = [];
  for (const write of leaving) write();
}
