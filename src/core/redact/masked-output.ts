/** An occurrence: from its first byte to the one behind its last. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

const ASTERISK = 0x2a;
const ASTERISKS = 3;
/** Of a character in UTF-32. */
const MAX_WIDTH = 4;

/** The bytes of a text on their way out, with a mask for each occurrence that was found in them. */
export class MaskedOutput {
  /** The bytes that are not given out yet, and where the first of them is in the text. */
  #held: Uint8Array[] = [];
  #heldFrom = 0;
  /** What has been found and is not given out yet, in order, apart from each other. */
  #spans: Span[] = [];
  /** The end of the last occurrence that was given out as a mask. */
  #maskedTo = 0;
  #hasMasked = false;
  /** How much of the text has come. */
  #length = 0;

  /** Whether anything has been masked so far. */
  get hasMasked(): boolean {
    return this.#hasMasked;
  }

  /** Takes the next bytes of the text. */
  hold(bytes: Uint8Array): void {
    this.#length += bytes.length;
    if (bytes.length > 0) this.#held.push(bytes);
  }

  /** Masks an occurrence. */
  mask({ start, end }: Span): void {
    const spans = this.#spans;
    if (start < this.#maskedTo) {
      // It goes on with what was masked already.
      this.#maskedTo = Math.max(this.#maskedTo, end);
      return;
    }
    let merged = { start, end };
    for (let last = spans.at(-1); last && last.end > start; last = spans.at(-1)) {
      merged = { start: Math.min(last.start, merged.start), end: Math.max(last.end, end) };
      spans.pop();
    }
    spans.push(merged);
    this.#hasMasked = true;
  }

  /** Gives out what is before a place, as far as it has not been. */
  release(limit: number): Uint8Array[] {
    const released: Uint8Array[] = [];
    this.#take(Math.min(this.#maskedTo, this.#length));
    for (let [span] = this.#spans; span && span.start < limit; [span] = this.#spans) {
      for (const bytes of this.#take(span.start)) released.push(bytes);
      released.push(maskOf(this.#take(span.end)));
      this.#maskedTo = span.end;
      this.#spans.shift();
    }
    for (const bytes of this.#take(limit)) released.push(bytes);
    return released;
  }

  /** Takes the bytes up to a place out of those that are held. */
  #take(limit: number): Uint8Array[] {
    const taken: Uint8Array[] = [];
    let count = 0;
    for (const bytes of this.#held) {
      const wanted = limit - this.#heldFrom;
      if (wanted <= 0) break;
      if (wanted < bytes.length) {
        taken.push(bytes.subarray(0, wanted));
        this.#held[count] = bytes.subarray(wanted);
        this.#heldFrom += wanted;
        break;
      }
      taken.push(bytes);
      this.#heldFrom += bytes.length;
      count++;
    }
    this.#held.splice(0, count);
    return taken;
  }
}

/** Three characters as wide as those that they replace: there are zeros between those of ASCII in UTF-16 and UTF-32. */
function maskOf(masked: readonly Uint8Array[]): Uint8Array {
  const second = Buffer.concat(masked).findIndex((byte, index) => index > 0 && byte !== 0);
  const width = second < 0 || second > MAX_WIDTH ? 1 : second;
  const mask = Buffer.alloc(ASTERISKS * width - (width - 1));
  for (let index = 0; index < ASTERISKS; index++) mask[index * width] = ASTERISK;
  return mask;
}
