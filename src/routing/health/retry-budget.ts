const SECOND_MS = 1000;
const SECONDS = 10;

/** Further attempts, by requests. */
const SHARE = 0.2;
/** A model that is asked seldom may have so many a second whatever its share. */
const ALWAYS_A_SECOND = 3;

/**
 * How many attempts beyond the first ones a model may have: a part of the requests of the last ten seconds, so that a
 * provider that fails everything is not asked several times as often as one that answers. One counter for each second.
 */
export class RetryBudget {
  readonly #requests = new Float64Array(SECONDS);
  readonly #further = new Float64Array(SECONDS);
  #second = Number.NEGATIVE_INFINITY;

  /** @param now milliseconds of the monotonic clock, as everywhere here */
  request(now: number): void {
    this.#turnTo(now);
    this.#add(this.#requests);
  }

  /** Whether one more attempt may be made. */
  hasRoom(now: number): boolean {
    this.#turnTo(now);
    const slot = this.#second % SECONDS;
    return (this.#further[slot] ?? 0) < ALWAYS_A_SECOND || sum(this.#further) < sum(this.#requests) * SHARE;
  }

  /** One more attempt is made. */
  take(now: number): void {
    this.#turnTo(now);
    this.#add(this.#further);
  }

  #add(counts: Float64Array): void {
    const slot = this.#second % SECONDS;
    counts[slot] = (counts[slot] ?? 0) + 1;
  }

  /** Forgets what is more than ten seconds ago. */
  #turnTo(now: number): void {
    const second = Math.floor(now / SECOND_MS);
    if (second === this.#second) return;
    const first = Math.max(this.#second + 1, second - SECONDS + 1);
    for (let each = first; each <= second; each++) {
      this.#requests[each % SECONDS] = 0;
      this.#further[each % SECONDS] = 0;
    }
    this.#second = second;
  }
}

function sum(counts: Float64Array): number {
  let total = 0;
  for (const count of counts) total += count;
  return total;
}
