import { CARRIAGE_RETURN, COLON, LINE_FEED, SPACE, TAB } from "./framing-bytes.ts";
import { GrowingBytes } from "./growing-bytes.ts";
import { WireError } from "./wire-error.ts";

/** How a head begins: `9` is any digit, `0` one of HTTP/1.0 and HTTP/1.1, `1` the first digit of a status. */
const BEGINNING = "HTTP/1.0 199";
const MINOR_VERSION_AT = BEGINNING.indexOf("0");
const STATUS_AT = MINOR_VERSION_AT + 2;

/** What the next byte belongs to. */
type Part = "beginning" | "status-end" | "text" | "line-end" | "line" | "name" | "end";

const TOKEN = tableOf("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");

/**
 * The beginning of a head that has not come whole, which most have. Each byte is copied and looked at once, however small
 * the pieces are, and a head that can become none any more is refused with the byte that spoils it rather than at the
 * deadline. What a whole head may be says `response-head.ts`.
 */
export class PartialHead {
  readonly #held = new GrowingBytes();
  #checked = 0;
  #part: Part = "beginning";

  /** How many bytes have come. */
  get length(): number {
    return this.#held.length;
  }

  /** What has come. */
  get bytes(): Buffer {
    return this.#held.bytes;
  }

  append(piece: Uint8Array): void {
    this.#held.append(piece);
  }

  /**
   * Looks at what has come since the last call.
   * @throws with the code `HTTP_INVALID_HEAD` if no bytes could make a head of it any more
   */
  check(): void {
    const { bytes } = this.#held;
    for (; this.#checked < bytes.length; this.#checked++) {
      const byte = bytes[this.#checked] as number;
      const next = this.#partAfter(byte);
      if (!next) throw new WireError("HTTP_INVALID_HEAD");
      this.#part = next;
    }
  }

  #partAfter(byte: number): Part | undefined {
    switch (this.#part) {
      case "beginning":
        if (!isInBeginning(byte, this.#checked)) return undefined;
        return this.#checked === BEGINNING.length - 1 ? "status-end" : "beginning";
      case "status-end":
        if (byte === SPACE) return "text";
        return byte === CARRIAGE_RETURN ? "line-end" : undefined;
      case "text":
        if (byte === CARRIAGE_RETURN) return "line-end";
        return isText(byte) ? "text" : undefined;
      case "line-end":
        return byte === LINE_FEED ? "line" : undefined;
      case "line":
        if (byte === CARRIAGE_RETURN) return "end";
        return TOKEN[byte] ? "name" : undefined;
      case "name":
        if (byte === COLON) return "text";
        return TOKEN[byte] ? "name" : undefined;
      case "end":
        // With a line feed it would have been whole.
        return undefined;
    }
  }
}

function isInBeginning(byte: number, position: number): boolean {
  if (position === MINOR_VERSION_AT) return byte === 0x30 || byte === 0x31;
  if (position === STATUS_AT) return byte >= 0x31 && byte <= 0x35;
  if (position > STATUS_AT) return byte >= 0x30 && byte <= 0x39;
  return byte === BEGINNING.charCodeAt(position);
}

/** What reasons and values may hold: everything but control characters other than the tab. */
function isText(byte: number): boolean {
  return (byte >= SPACE && byte !== 0x7f) || byte === TAB;
}

function tableOf(characters: string): Uint8Array {
  const table = new Uint8Array(256);
  for (const byte of Buffer.from(characters)) table[byte] = 1;
  return table;
}
