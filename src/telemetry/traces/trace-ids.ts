/** Makes ids of traces and spans, in lower-case hexadecimal. */
export interface TraceIds {
  /** 16 random bytes. */
  trace(): string;
  /** 8 random bytes. */
  span(): string;
}

/** Random bytes are got, and written as text, for so many ids at once, which makes one cost a tenth. */
const POOL_BYTES = 4096;

const ONLY_ZEROS = /^0+$/;
const ZERO = 0x30;

/** @param fill fills a buffer with random bytes */
export function createTraceIds(
  fill: (bytes: Uint8Array) => void = (bytes) => void crypto.getRandomValues(bytes),
): TraceIds {
  const pool = Buffer.alloc(POOL_BYTES);
  let digits = "";
  let used = 0;

  const take = (length: number): string => {
    if (used + length > digits.length) {
      fill(pool);
      digits = pool.toString("hex");
      used = 0;
    }
    const id = digits.slice(used, used + length);
    used += length;
    // All zeros mean that there is none. https://www.w3.org/TR/trace-context/#trace-id
    return id.charCodeAt(0) === ZERO && ONLY_ZEROS.test(id) ? `${id.slice(0, -1)}1` : id;
  };

  return { trace: () => take(32), span: () => take(16) };
}
