const BACKSLASH = 0x5c;
const LOWER_U = 0x75;

/** `\u0065`; all other escapes are shorter. */
const UNICODE_ESCAPE_BYTES = 6;

/**
 * The first position from `wanted` on at which the inside of a JSON string can be cut: in no escape and no character.
 * @param from a position before it at which it can be cut, too
 */
export function pieceBoundary(bytes: Buffer, from: number, wanted: number): number {
  let position = wanted;
  for (let index = wanted - 1; index >= from && index > wanted - UNICODE_ESCAPE_BYTES; index--) {
    if (bytes[index] !== BACKSLASH) continue;
    let first = index;
    while (first > from && bytes[first - 1] === BACKSLASH) first--;
    // The backslashes of a run are escapes by twos.
    if ((index - first) % 2 === 0) {
      position = Math.max(position, index + (bytes[index + 1] === LOWER_U ? UNICODE_ESCAPE_BYTES : 2));
    }
    break;
  }
  while (((bytes[position] as number) & 0xc0) === 0x80) position++;
  return position;
}
