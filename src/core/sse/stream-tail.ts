/** Remembers the last bytes of a stream, so that what is near its end can be read without decoding the rest. */
export interface StreamTail {
  /** Notes one chunk; copies at most the tail's size. */
  push(chunk: Uint8Array): void;
  /** The remembered bytes, at least `size` of them if so many went by; a view that the next push overwrites. */
  bytes(): Uint8Array;
  /** A copy of so many last bytes, or of all that there were. */
  last(count: number): Buffer;
}

/** @param size how many last bytes are kept at least; twice as many are held, from the first chunk on. */
export function createStreamTail(size: number): StreamTail {
  let buffer: Uint8Array | undefined;
  let length = 0;
  return {
    push(chunk) {
      buffer ??= new Uint8Array(size * 2);
      if (chunk.length >= size) {
        buffer.set(chunk.subarray(chunk.length - size));
        length = size;
        return;
      }
      if (length + chunk.length > buffer.length) {
        buffer.copyWithin(0, length - size, length);
        length = size;
      }
      buffer.set(chunk, length);
      length += chunk.length;
    },
    bytes: () => (buffer ? buffer.subarray(0, length) : new Uint8Array(0)),
    last: (count) => (buffer ? Buffer.from(buffer.subarray(Math.max(0, length - count), length)) : Buffer.alloc(0)),
  };
}
