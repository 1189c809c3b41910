/** With which UTF-16 begins, in either order of its bytes; most texts have no such mark. */
const MARKS = [
  { encoding: "utf-16le", first: 0xff, second: 0xfe },
  { encoding: "utf-16be", first: 0xfe, second: 0xff },
] as const;

/**
 * The text of bytes of which nobody has said how they are encoded: in UTF-16, if they have its mark, or zeros as every second
 * byte of ASCII in it is, else in UTF-8. Without its mark, and without zeros, which would hide a word from whoever looks for it.
 */
export function decodeText(bytes: Uint8Array): string {
  const marked = MARKS.find(({ first, second }) => bytes[0] === first && bytes[1] === second);
  if (marked) return withoutZeros(new TextDecoder(marked.encoding).decode(bytes));
  if (!bytes.includes(0)) return new TextDecoder().decode(bytes);
  return withoutZeros(new TextDecoder(encodingByZeros(bytes)).decode(bytes));
}

/** The high byte of an ASCII character is zero, and comes second if the low one comes first. */
function encodingByZeros(bytes: Uint8Array): "utf-8" | "utf-16le" | "utf-16be" {
  let atEven = 0;
  let atOdd = 0;
  for (let at = 0; at < bytes.length; at++) {
    if (bytes[at] !== 0) continue;
    if (at % 2 === 0) atEven += 1;
    else atOdd += 1;
  }
  // Those few of a text in UTF-8 say nothing.
  if (Math.max(atEven, atOdd) * 4 < bytes.length) return "utf-8";
  return atOdd > atEven ? "utf-16le" : "utf-16be";
}

const withoutZeros = (text: string): string => text.replaceAll("\0", "");
