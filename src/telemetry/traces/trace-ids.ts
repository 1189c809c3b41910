/** Makes ids of traces and spans, in lower-case hexadecimal. */
export interface TraceIds {
  /** 16 random bytes. */
  trace(): string;
  /** 8 random bytes. */
  span(): string;
}

/** Random bytes are got from the system for so many ids at once, which makes one cost a tenth. */
const POOL_BYTES = 4096;

/** @param fill fills a buffer with random bytes */
export function createTraceIds(
  fill: (bytes: Uint8Array) => void = (bytes) => void crypto.getRandomValues(bytes),
): TraceIds {
  const pool = Buffer.alloc(POOL_BYTES);
  let used = POOL_BYTES;

  const take = (length: number): string => {
    if (used + length > POOL_BYTES) {
      fill(pool);
      used = 0;
    }
    const id = pool.toString("hex", used, used + length);
    used += length;
    // All zeros mean that there is none. https://www.w3.org/TR/trace-context/#trace-id
    return /[^0]/.test(id) ? id : `${id.slice(0, -1)}1`;
  };

  return { trace: () => take(16), span: () => take(8) };
}
