/* The bytes that frame a message of HTTP/1: its head, and the chunks of its body. https://www.rfc-editor.org/rfc/rfc9112 */

export const LINE_FEED = 0x0a;
export const CARRIAGE_RETURN = 0x0d;
export const SPACE = 0x20;
export const TAB = 0x09;
export const COLON = 0x3a;
export const SEMICOLON = 0x3b;

/** The value of a hexadecimal digit of either case, or -1. */
export function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}

/** Whether a carriage return and a line feed are at this position. */
export function isLineEnd(bytes: Buffer, at: number): boolean {
  return bytes[at] === CARRIAGE_RETURN && bytes[at + 1] === LINE_FEED;
}

/** Whether a byte is a control character other than the tab, which no text of a head holds. */
export const isControl = (byte: number): boolean => (byte < SPACE && byte !== TAB) || byte === 0x7f;
