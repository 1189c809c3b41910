/** The part of the average that the newest time is. */
const NEWEST_SHARE = 0.2;

/** How many times are kept for the percentile, and how many there must be before one can be told. */
const KEPT = 64;
const ENOUGH = 10;

/** How often the percentile is computed anew: after so many times. Sorting 64 numbers takes 2 µs. */
const STALE_AFTER = 8;

/** How long a deployment took to its first token lately, in milliseconds. */
export class FirstTokenTimes {
  /** Exponentially weighted, so that it follows a provider that becomes slow; undefined before the first one. */
  averageMs: number | undefined;
  #recent: Float64Array | undefined;
  #count = 0;
  #percentile: number | undefined;
  #percentileAt = 0;

  /** One more answer began after so many milliseconds. */
  observe(milliseconds: number): void {
    const before = this.averageMs;
    this.averageMs = before === undefined ? milliseconds : before + (milliseconds - before) * NEWEST_SHARE;
    this.#recent ??= new Float64Array(KEPT);
    this.#recent[this.#count % KEPT] = milliseconds;
    this.#count += 1;
  }

  /** No answer had begun after so many milliseconds: counts if that is longer than usual. */
  observeAtLeast(milliseconds: number): void {
    if (milliseconds > (this.averageMs ?? 0)) this.observe(milliseconds);
  }

  /** Of 20 answers, 19 began within this time; undefined as long as too few are known. */
  percentile95(): number | undefined {
    if (!this.#recent || this.#count < ENOUGH) return undefined;
    if (this.#percentile === undefined || this.#count - this.#percentileAt >= STALE_AFTER) {
      const sorted = this.#recent.slice(0, Math.min(this.#count, KEPT)).sort();
      this.#percentile = sorted[Math.ceil(sorted.length * 0.95) - 1];
      this.#percentileAt = this.#count;
    }
    return this.#percentile;
  }
}
