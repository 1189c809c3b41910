/**
 * Of requests that come before the one in front is answered, so many bytes may wait. To read no more would be to see no more when
 * the client leaves.
 */
const MAX_BYTES = 256 * 1024;

/** And so many on all connections together, as they are in nobody's budget. */
const MAX_ALL_BYTES = 32 * 1024 * 1024;

/** How many bytes wait so on all connections of a server. */
export interface AheadBytes {
  total: number;
}

/** The part that one connection has of them. */
export class AheadShare {
  readonly #all: AheadBytes;
  #bytes = 0;

  constructor(all: AheadBytes) {
    this.#all = all;
  }

  /** Sets how many bytes wait on it. @returns whether they may */
  set(bytes: number): boolean {
    this.#all.total += bytes - this.#bytes;
    this.#bytes = bytes;
    return bytes <= MAX_BYTES && this.#all.total <= MAX_ALL_BYTES;
  }
}
