/** How many results are remembered, and how many there must be before their rate means something. */
const REMEMBERED = 20;
const ENOUGH = 10;

/** The last results of a deployment. One bit for each, the newest lowest: every request writes one. */
export class ResultWindow {
  #bits = 0;
  #size = 0;
  #failures = 0;

  add(hasFailed: boolean): void {
    if (this.#size === REMEMBERED) this.#failures -= (this.#bits >>> (REMEMBERED - 1)) & 1;
    else this.#size += 1;
    this.#bits = ((this.#bits << 1) | Number(hasFailed)) & ((1 << REMEMBERED) - 1);
    if (hasFailed) this.#failures += 1;
  }

  /** The part of them that failed, from 0 to 1; 0 as long as there are too few. */
  failureRate(): number {
    return this.#size < ENOUGH ? 0 : this.#failures / this.#size;
  }

  clear(): void {
    this.#bits = 0;
    this.#size = 0;
    this.#failures = 0;
  }
}
