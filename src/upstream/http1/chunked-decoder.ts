import { moveDown, sliceOrCopy } from "../read-body.ts";
import { CARRIAGE_RETURN, hexDigit, isControl, isLineEnd, LINE_FEED, SEMICOLON, SPACE, TAB } from "./framing-bytes.ts";
import { WireError } from "./wire-error.ts";

/** What may follow the size of a chunk; and all lines of the trailer together. */
const MAX_EXTENSION_BYTES = 4096;
const MAX_TRAILER_BYTES = 16 * 1024;
/** Sizes up to 2^48 are exact, and no chunk is longer. */
const MAX_SIZE_DIGITS = 12;

/** Of so many bytes at most chunks go on one by one, as there are more if they come faster than they are read; each of so many at least. */
const MAX_APART_BYTES = 4096;
const MIN_APART_BYTES = 64;

/** What the next byte belongs to. Every line feed is its own part, so that none comes without its carriage return. */
type Part =
  | "size"
  | "padding"
  | "extension"
  | "size-end"
  | "data"
  | "data-return"
  | "data-end"
  | "trailer"
  | "trailer-line"
  | "trailer-line-end"
  | "end";

const AFTER_LINE_FEED = { "data-end": "size", "trailer-line-end": "trailer" } as const;

/** Hears of the bytes of a body. */
export interface BodyTaker {
  /** A piece of it, which may be a view of the bytes that were pushed. Whoever sends it on does not join it with the next. */
  onData(bytes: Uint8Array): void;
}

/** Takes the chunked coding off a body. https://www.rfc-editor.org/rfc/rfc9112#section-7.1 */
export class ChunkedDecoder {
  readonly #taker: BodyTaker;
  readonly #isStrict: boolean;
  #part: Part = "size";
  #digits = 0;
  /** Of the chunk under way: its size as far as it has been read, then what of it has not come. */
  #left = 0;
  #extensionBytes = 0;
  #trailerBytes = 0;
  /** Where in the bytes under way what was found of the body lies. */
  #bodyStart = 0;
  #bodyEnd = 0;

  /** @param isStrict whether blanks behind a size and trailers, which some servers send and no client, are errors */
  constructor(taker: BodyTaker, isStrict = false) {
    this.#taker = taker;
    this.#isStrict = isStrict;
  }

  /**
   * Takes the next bytes and hands on those of the body in one piece, which may be a view. Bytes that chunks separate are
   * moved together within `bytes`: a piece for each of many small chunks would take far more memory than they do. Only if
   * there are few bytes, an event that is a chunk is a piece: those that came apart and were read late go on apart.
   * @returns the position behind the end of the body, or -1 while it goes on.
   * @throws with the code `HTTP_INVALID_CHUNK`
   */
  push(bytes: Buffer, start: number): number {
    let position = start;
    this.#bodyStart = start;
    this.#bodyEnd = start;
    try {
      while (position < bytes.length) {
        if (this.#part === "data") position = this.#takeData(bytes, position);
        else {
          const wholeEnd = this.#part === "size" && this.#digits === 0 ? this.#takeWhole(bytes, position) : 0;
          if (wholeEnd > 0) position = wholeEnd;
          else if (this.#takeByte(bytes[position++] as number)) return position;
        }
      }
      return -1;
    } finally {
      // What came before an error is good.
      if (this.#bodyEnd > this.#bodyStart) this.#handOn(bytes);
    }
  }

  /**
   * Takes a chunk that lies whole in `bytes` with nothing unusual about it, as nearly all do: providers write one event as one
   * chunk, and it is read as one. Without this each byte of its framing goes through {@link #takeByte}.
   * @param position where its size begins
   * @returns the position behind it, or 0 if it has to be taken byte by byte
   */
  #takeWhole(bytes: Buffer, position: number): number {
    let size = 0;
    let at = position;
    for (let digit = 0; at - position < MAX_SIZE_DIGITS; at++) {
      if ((digit = hexDigit(bytes[at] as number)) < 0) break;
      size = size * 16 + digit;
    }
    const end = at + 2 + size;
    if (size === 0 || !isLineEnd(bytes, at) || !isLineEnd(bytes, end)) return 0;
    this.#addBody(bytes, at + 2, end);
    return end + 2;
  }

  /** Adds the bytes from `start` to before `end` to what was found of the body. */
  #addBody(bytes: Buffer, start: number, end: number): void {
    const isLong = this.#bodyEnd - this.#bodyStart >= MIN_APART_BYTES;
    if (isLong && bytes.length <= MAX_APART_BYTES && bytes[this.#bodyEnd - 1] === LINE_FEED) this.#handOn(bytes);
    if (this.#bodyEnd === this.#bodyStart) this.#bodyStart = this.#bodyEnd = start;
    else if (this.#bodyEnd !== start) moveDown(bytes, this.#bodyEnd, start, end);
    this.#bodyEnd += end - start;
  }

  #handOn(bytes: Buffer): void {
    const piece = sliceOrCopy(bytes, this.#bodyStart, this.#bodyEnd);
    this.#bodyStart = this.#bodyEnd;
    this.#taker.onData(piece);
  }

  /** @returns the position behind what came of the chunk. */
  #takeData(bytes: Buffer, position: number): number {
    const end = Math.min(position + this.#left, bytes.length);
    this.#addBody(bytes, position, end);
    this.#left -= end - position;
    if (this.#left === 0) this.#part = "data-return";
    return end;
  }

  /** @returns whether it is the last one of the body. */
  #takeByte(byte: number): boolean {
    switch (this.#part) {
      case "size":
        this.#takeSizeByte(byte);
        break;
      case "padding":
        if (byte === CARRIAGE_RETURN) this.#part = "size-end";
        else this.#takePaddingByte(byte);
        break;
      case "extension":
        if (byte === CARRIAGE_RETURN) this.#part = "size-end";
        else if (byte === LINE_FEED || ++this.#extensionBytes > MAX_EXTENSION_BYTES) refuse();
        else if (this.#isStrict && isControl(byte)) refuse();
        break;
      case "size-end":
        if (byte !== LINE_FEED) refuse();
        this.#endSize();
        break;
      case "data-return":
        if (byte !== CARRIAGE_RETURN) refuse();
        this.#part = "data-end";
        break;
      case "trailer":
      case "trailer-line":
        this.#takeTrailerByte(byte);
        break;
      case "end":
        if (byte !== LINE_FEED) refuse();
        return true;
      case "data-end":
      case "trailer-line-end":
        if (byte !== LINE_FEED) refuse();
        this.#part = AFTER_LINE_FEED[this.#part];
    }
    return false;
  }

  #takeSizeByte(byte: number): void {
    const digit = hexDigit(byte);
    if (digit >= 0 && this.#digits < MAX_SIZE_DIGITS) {
      this.#left = this.#left * 16 + digit;
      this.#digits += 1;
    } else if (this.#digits === 0) refuse();
    else if (byte === CARRIAGE_RETURN) this.#part = "size-end";
    else this.#takePaddingByte(byte);
  }

  #takePaddingByte(byte: number): void {
    if (byte === SEMICOLON) this.#part = "extension";
    else if (!this.#isStrict && (byte === SPACE || byte === TAB) && ++this.#extensionBytes <= MAX_EXTENSION_BYTES)
      this.#part = "padding";
    else refuse();
  }

  #endSize(): void {
    this.#part = this.#left === 0 ? "trailer" : "data";
    this.#digits = 0;
    this.#extensionBytes = 0;
  }

  #takeTrailerByte(byte: number): void {
    if (byte === CARRIAGE_RETURN) this.#part = this.#part === "trailer" ? "end" : "trailer-line-end";
    else if (this.#isStrict || byte === LINE_FEED || ++this.#trailerBytes > MAX_TRAILER_BYTES) refuse();
    else this.#part = "trailer-line";
  }
}

function refuse(): never {
  throw new WireError("HTTP_INVALID_CHUNK");
}
