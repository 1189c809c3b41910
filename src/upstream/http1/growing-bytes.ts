/** Beginning size in bytes of what is held. */
const CAPACITY = 1024;

/**
 * Bytes that come in pieces and are wanted as one. Each is copied a few times at most, however small the pieces are; views of
 * what was there stay as they are.
 */
export class GrowingBytes {
  #bytes = Buffer.allocUnsafe(CAPACITY);
  #start = 0;
  #end = 0;

  /** How many bytes are held. */
  get length(): number {
    return this.#end - this.#start;
  }

  /** What is held. */
  get bytes(): Buffer {
    return this.#bytes.subarray(this.#start, this.#end);
  }

  append(piece: Uint8Array): void {
    if (this.#end + piece.length > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(CAPACITY, (this.length + piece.length) * 2));
      larger.set(this.bytes);
      this.#end = this.length;
      this.#start = 0;
      this.#bytes = larger;
    }
    this.#bytes.set(piece, this.#end);
    this.#end += piece.length;
  }

  /** Forgets so many bytes at the beginning. */
  drop(count: number): void {
    this.#start += count;
  }
}
