import { asBuffer } from "../json/bytes.ts";

/**
 * Remembers the last bytes of a stream, so that what is near its end can be read without decoding the rest, and what of
 * them nobody has looked at yet, so that many short chunks can be looked at together.
 */
export interface StreamTail {
  /** Notes one chunk; copies at most the tail's size. */
  push(chunk: Uint8Array): void;
  /** The same for one that is looked at later. All that wait for that are to be shorter together than half the tail's size. */
  append(chunk: Uint8Array): void;
  /** What was appended and not looked at; a view that the next push overwrites. */
  unseen(): Buffer;
  /** All that was appended has been looked at. */
  seen(): void;
  /** The remembered bytes, at least `size` of them if so many went by; a view that the next push overwrites. */
  bytes(): Uint8Array;
  /** How many bytes went by. */
  total(): number;
  /** A copy of so many bytes, the last ones before those that nobody has looked at; of all if there were fewer. */
  last(count: number): Buffer;
}

/** A stream of a few events takes no more than that. */
const FIRST_BYTES = 1024;

const NOTHING = Buffer.alloc(0);

/** @param size how many last bytes are kept at least; up to a quarter more are held, so that they are seldom moved. */
export function createStreamTail(size: number): StreamTail {
  return new LastBytes(size);
}

/** A class instead of closures: what a chunk needs of it lies together. */
class LastBytes implements StreamTail {
  readonly #size: number;
  readonly #most: number;
  #buffer: Buffer = NOTHING;
  #length = 0;
  /** How much of the buffer has been looked at. */
  #seenLength = 0;
  #total = 0;

  constructor(size: number) {
    this.#size = size;
    this.#most = Math.ceil(size * 1.25);
  }

  push(chunk: Uint8Array): void {
    this.append(chunk);
    this.seen();
  }

  append(chunk: Uint8Array): void {
    this.#total += chunk.length;
    if (chunk.length >= this.#size) return this.#keepEnd(chunk);
    if (this.#length + chunk.length > this.#buffer.length) this.#makeRoom(chunk.length);
    // Not `set`: the decoder has just made this call, so that its code is in the processor's cache.
    asBuffer(chunk).copy(this.#buffer, this.#length);
    this.#length += chunk.length;
  }

  unseen(): Buffer {
    return this.#buffer.subarray(this.#seenLength, this.#length);
  }

  seen(): void {
    this.#seenLength = this.#length;
  }

  bytes(): Uint8Array {
    return this.#buffer.subarray(0, this.#length);
  }

  total(): number {
    return this.#total;
  }

  last(count: number): Buffer {
    return Buffer.from(this.#buffer.subarray(Math.max(0, this.#seenLength - count), this.#seenLength));
  }

  /** Of a chunk behind which nothing before it is kept. */
  #keepEnd(chunk: Uint8Array): void {
    this.#length = this.#seenLength = 0;
    if (this.#buffer.length < this.#size) this.#makeRoom(this.#size);
    this.#buffer.set(chunk.subarray(chunk.length - this.#size));
    this.#length = this.#size;
  }

  /** For so many more bytes: what has to be kept is moved to the beginning of the buffer, or of a larger one. */
  #makeRoom(count: number): void {
    const before = this.#buffer;
    const needed = this.#length + count;
    const dropped = needed > this.#most ? needed - this.#size : 0;
    if (before.length < this.#most) {
      this.#buffer = Buffer.allocUnsafeSlow(Math.min(needed <= FIRST_BYTES ? FIRST_BYTES : this.#most, this.#most));
    }
    before.copy(this.#buffer, 0, dropped, this.#length);
    this.#length -= dropped;
    this.#seenLength = Math.max(0, this.#seenLength - dropped);
  }
}

/** A word, and whether a place where it is found is what is looked for. */
export interface Sign {
  /** Without ends of lines. */
  readonly word: Buffer;
  /**
   * @param at where the word begins; of what surrounds it, {@link REACH} bytes at most are looked at
   * @param isLineStart whether a line begins where `bytes` do
   */
  readonly isFound: (bytes: Buffer, at: number, isLineStart: boolean) => boolean;
  /**
   * For a word that is often not the sign: what to search for behind this place, in bytes written alike, to find the sign at
   * the same positions but fewer others.
   */
  readonly narrow?: (bytes: Buffer, at: number) => Buffer | undefined;
}

/** How far before and behind the beginning of a word its sign may look. */
export const REACH = 128;

const LINE_FEED = 0x0a;

/**
 * Looks for a sign in the bytes of a stream as they go by, wherever they are cut: about 0.1 µs for each chunk without it.
 */
export class SignScanner {
  /** Some of the bytes were the sign. */
  found = false;
  readonly #sign: Sign;
  #isLineStart = true;

  constructor(sign: Sign) {
    this.#sign = sign;
  }

  /** @param before what came before the chunk */
  push(chunk: Buffer, before: StreamTail): void {
    if (this.found || chunk.length === 0) return;
    if (!this.#isLineStart) {
      const last = before.last(REACH);
      this.#search(Buffer.concat([last, chunk.subarray(0, REACH)]), last.length < REACH);
    }
    this.#search(chunk, this.#isLineStart);
    this.#isLineStart = chunk[chunk.length - 1] === LINE_FEED;
  }

  /** Looks for it once more, in bytes of which some may be written differently from those before. */
  searchAgain(bytes: Buffer): void {
    if (!this.found) this.#search(bytes, false, false);
  }

  #search(bytes: Buffer, isLineStart: boolean, isAlike = true): void {
    const { word, isFound, narrow } = this.#sign;
    let sought = word;
    for (let at = bytes.indexOf(sought); at >= 0 && !this.found; at = bytes.indexOf(sought, at + sought.length)) {
      this.found = isFound(bytes, at, isLineStart);
      if (isAlike && sought === word) sought = narrow?.(bytes, at) ?? word;
    }
  }
}
