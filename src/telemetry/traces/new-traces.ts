import type { HeaderLines } from "../../core/header-lines.ts";
import type { SampleNew } from "./sampler.ts";

/** The traces that begin in the gateway. */
export interface NewTraces {
  /**
   * Begins one.
   * @returns the `traceparent` with which it goes on from the first span of its own, as a line
   */
  next(): HeaderLines;
  /** Whether the one that began last is sampled. */
  isSampled(): boolean;
}

/** Version 00, no flags but that of a sampled trace. https://www.w3.org/TR/trace-context/#traceparent-header */
const UNWRITTEN = `traceparent: 00-${"0".repeat(32)}-${"0".repeat(16)}-00\r\n`;
const TRACE_AT = UNWRITTEN.indexOf("00-") + 3;
const TRACE_END = TRACE_AT + 32;
const SPAN_AT = TRACE_END + 1;
const SPAN_END = SPAN_AT + 16;
const FLAG_AT = SPAN_END + 2;

/** The ids in such a line. */
export const traceIdIn = (line: HeaderLines): string => line.slice(TRACE_AT, TRACE_END);
export const spanIdIn = (line: HeaderLines): string => line.slice(SPAN_AT, SPAN_END);

const TRACE_BYTES = 16;
const SPAN_BYTES = 8;
const RANDOM_BYTES = TRACE_BYTES + SPAN_BYTES;
/** So many are made at once, which takes 10 µs: one by one, each took that long after some other work. */
const BLOCK = 64;

const ZERO = 0x30;
const DIGITS = Buffer.from("0123456789abcdef", "latin1");

/**
 * Most requests bring no trace, and most of theirs are not sampled: all that they need of one is its line. So lines are made
 * in blocks, ids and decision included, and one costs no more than a piece of a text.
 * @param fill fills a buffer with random bytes
 */
export function createNewTraces(
  sample: SampleNew,
  fill: (bytes: Uint8Array) => void = (bytes) => void crypto.getRandomValues(bytes),
): NewTraces {
  const random = new Uint8Array(RANDOM_BYTES * BLOCK);
  const lines = Buffer.from(UNWRITTEN.repeat(BLOCK), "latin1");
  const sampled = new Uint8Array(BLOCK);
  let text = "";
  let last = BLOCK;

  const writeId = (bytesAt: number, length: number, digitsAt: number): void => {
    let bits = 0;
    for (let index = 0; index < length; index++) bits |= random[bytesAt + index] ?? 0;
    // All zeros mean that there is none. https://www.w3.org/TR/trace-context/#trace-id
    if (bits === 0) random[bytesAt + length - 1] = 1;
    for (let index = 0; index < length; index++) {
      const byte = random[bytesAt + index] ?? 0;
      lines[digitsAt + 2 * index] = DIGITS[byte >> 4] ?? 0;
      lines[digitsAt + 2 * index + 1] = DIGITS[byte & 0xf] ?? 0;
    }
  };

  const refill = (): void => {
    fill(random);
    for (let index = 0; index < BLOCK; index++) {
      const bytesAt = index * RANDOM_BYTES;
      const lineAt = index * UNWRITTEN.length;
      writeId(bytesAt, TRACE_BYTES, lineAt + TRACE_AT);
      writeId(bytesAt + TRACE_BYTES, SPAN_BYTES, lineAt + SPAN_AT);
      const isSampled = sample(random, bytesAt) ? 1 : 0;
      sampled[index] = isSampled;
      lines[lineAt + FLAG_AT] = ZERO + isSampled;
    }
    text = lines.toString("latin1");
    last = -1;
  };

  return {
    next() {
      if (last >= BLOCK - 1) refill();
      last += 1;
      const at = last * UNWRITTEN.length;
      return text.slice(at, at + UNWRITTEN.length);
    },
    isSampled: () => sampled[last] === 1,
  };
}
