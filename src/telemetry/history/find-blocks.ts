import { checksumOf, HEADER, HEADER_BYTES, MARK, MAX_BLOCK_BYTES } from "./block-format.ts";

/** In the order of bytes of the machine. */
const MARK_BYTES = Buffer.from(Int32Array.of(MARK).buffer);

/** The same bytes, as words and as doubles. */
export interface Views {
  readonly words: Int32Array;
  readonly doubles: Float64Array;
}

export const viewsOf = ({ buffer, byteOffset, length }: Buffer): Views => ({
  words: new Int32Array(buffer, byteOffset, length >>> 2),
  doubles: new Float64Array(buffer, byteOffset, length >>> 3),
});

/** How long the block is that begins there; undefined if none of the segment does. */
export function lengthAt(words: Int32Array, start: number, segment: number | undefined): number | undefined {
  const head = start >>> 2;
  const length = words[head + HEADER.length] ?? 0;
  const isBlock = words[head] === MARK && length >= HEADER_BYTES && length <= MAX_BLOCK_BYTES && length % 8 === 0;
  return isBlock && (segment === undefined || words[head + HEADER.segment] === segment) ? length : undefined;
}

/** Where something begins as blocks of the segment do; the end if nothing does. */
export function findHeader(bytes: Buffer, from: number, segment: number | undefined): number {
  const number = segment === undefined ? undefined : Buffer.from(Int32Array.of(segment).buffer);
  for (let at = from; (at = bytes.indexOf(MARK_BYTES, at)) >= 0; at++) {
    const numberAt = at + 4 * HEADER.segment;
    if (number?.equals(bytes.subarray(numberAt, numberAt + number.length)) ?? true) return at;
  }
  return bytes.length;
}

/** Whether the block that begins there is as it was written. */
export const isGood = (words: Int32Array, start: number, length: number): boolean => {
  const head = start >>> 2;
  const end = head + (length >>> 2);
  return end <= words.length && words[head + HEADER.checksum] === checksumOf(words, head, end);
};
