const QUOTE = 0x22;
const COMMA = 0x2c;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/** The same bytes with the searches of a `Buffer`; free if they are one already. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return bytes instanceof Buffer ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** A value as the bytes of its JSON text. */
export function toJson(value: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(value));
}

const [OPENING, SEPARATOR, CLOSING] = [Buffer.from("["), Buffer.from(","), Buffer.from("]")];

/** A JSON array of values that are JSON texts already. */
export function writeArray(items: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat([
    OPENING,
    ...items.flatMap((item, index) => (index === 0 ? [item] : [SEPARATOR, item])),
    CLOSING,
  ]);
}

// Moving over the bytes of texts that have passed `JSON.parse`: nothing is checked here that the parser has checked.

/** The position of the first byte from `from` on that is no white space. */
export function skipSpace(body: Buffer, from: number): number {
  let position = from;
  for (;;) {
    const byte = body[position];
    if (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) position++;
    else return position;
  }
}

/** How many bytes of a string are looked at one by one before a native search, which costs as much as 16 of them. */
const SEARCHED_BY_HAND = 24;

/** From an opening quote to behind the closing one; the end of the bytes if there is none. */
export function skipString(body: Buffer, start: number): number {
  const { length } = body;
  let position = start + 1;
  for (;;) {
    const byHandEnd = Math.min(position + SEARCHED_BY_HAND, length);
    while (position < byHandEnd) {
      const byte = body[position];
      if (byte === QUOTE) return position + 1;
      position += byte === BACKSLASH ? 2 : 1;
    }
    const from = position;
    position = body.indexOf(QUOTE, from);
    if (position < 0) return length;
    // Each run of backslashes is counted once, by the quote behind it.
    let backslashes = position;
    while (backslashes > from && body[backslashes - 1] === BACKSLASH) backslashes--;
    position++;
    if ((position - backslashes) % 2 === 1) return position;
  }
}

/** The position behind the value that begins at `start`. */
export function skipValue(body: Buffer, start: number): number {
  const first = body[start];
  if (first === QUOTE) return skipString(body, start);
  if (first === OPEN_BRACE || first === OPEN_BRACKET) return skipNested(body, start);
  let position = start;
  while (position < body.length) {
    const byte = body[position] as number;
    if (byte === COMMA || byte === CLOSE_BRACE || byte === CLOSE_BRACKET || byte <= 0x20) break;
    position++;
  }
  return position;
}

function skipNested(body: Buffer, start: number): number {
  let depth = 0;
  let position = start;
  while (position < body.length) {
    const byte = body[position] as number;
    if (byte === QUOTE) {
      position = skipString(body, position);
      continue;
    }
    position++;
    if (byte === OPEN_BRACE || byte === OPEN_BRACKET) depth++;
    else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
      depth--;
      if (depth === 0) return position;
    }
  }
  return position;
}
