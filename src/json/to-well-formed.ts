import { isUtf8 } from "node:buffer";

/** Bytes as a lenient reader takes them: without a byte order mark, and with U+FFFD for what is no UTF-8. */
export function toWellFormed(bytes: Uint8Array): Uint8Array {
  const hasMark = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  if (isUtf8(bytes)) return hasMark ? bytes.subarray(3) : bytes;
  return Buffer.from(new TextDecoder().decode(bytes));
}
