/**
 * Of a head that has not come whole, and of requests that come before the one in front is answered, so many bytes may wait, and
 * so many on all connections together, as they are in nobody's budget. To read no more would be to see no more when the client
 * leaves.
 */
const MAX_AHEAD_BYTES = 256 * 1024;
const MAX_ALL_AHEAD_BYTES = 32 * 1024 * 1024;

/** What waits on all connections of a server together. */
export interface AheadBytes {
  total: number;
}

/** What of it waits on one of them. */
export class AheadShare {
  /** To be changed by {@link set} only. A field, because every request looks at it. */
  bytes = 0;
  readonly #all: AheadBytes;

  constructor(all: AheadBytes) {
    this.#all = all;
  }

  /** Sets how many bytes wait on this connection. @returns whether that is within both limits */
  set(bytes: number): boolean {
    this.#all.total += bytes - this.bytes;
    this.bytes = bytes;
    return bytes <= MAX_AHEAD_BYTES && this.#all.total <= MAX_ALL_AHEAD_BYTES;
  }
}
