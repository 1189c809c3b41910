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

// Moving over the bytes of texts that nobody has checked: what is no JSON is found here.

const LOWER_U = 0x75;
const ZERO = 0x30;
const NINE = 0x39;

/** 1 for what may be behind a backslash, but for the `u`. */
const ESCAPES = new Uint8Array(256);
for (const character of '"\\/bfnrt') ESCAPES[character.charCodeAt(0)] = 1;

/** 1 for hexadecimal digits. */
const HEX = new Uint8Array(256);
for (const character of "0123456789abcdefABCDEF") HEX[character.charCodeAt(0)] = 1;

/** The length of `\u0065` behind its `u`. */
const HEX_DIGITS = 4;

/**
 * The position behind the quote that ends a JSON string; negative if there is none, or if the string has an escape that
 * JSON has not, or a control character. Four bytes are looked at together, as long as each of them is plain: that takes
 * a third of the time, and no native search finds all that ends a run of plain bytes.
 * @param view of the same bytes
 * @param start the position behind the opening quote
 */
export function endOfString(bytes: Buffer, view: DataView, start: number): number {
  const { length } = bytes;
  const lastWord = length - 4;
  let position = start;
  for (;;) {
    while (position <= lastWord) {
      const word = view.getInt32(position, true);
      const backslashes = word ^ 0x5c5c5c5c;
      // The highest bit of each byte, or of one behind it: below 0x21 or zero. With its second bit turned over, a quote is
      // below 0x21 along with all control characters, and a space is not: one test for both is 15 % faster than two.
      const found = (((word ^ 0x02020202) - 0x21212121) & ~word) | ((backslashes - 0x01010101) & ~backslashes);
      if ((found & 0x80808080) !== 0) break;
      position += 4;
    }
    const wordEnd = position + 4;
    while (position < wordEnd) {
      const byte = bytes[position];
      if (byte === QUOTE) return position + 1;
      if (byte === undefined || byte < 0x20) return -1;
      if (byte !== BACKSLASH) {
        position++;
        continue;
      }
      const escape = bytes[position + 1];
      if (escape === undefined) return -1;
      position += 2;
      if (ESCAPES[escape] === 1) continue;
      if (escape !== LOWER_U) return -1;
      for (const end = position + HEX_DIGITS; position < end; position++) {
        if (HEX[bytes[position] ?? 0] !== 1) return -1;
      }
    }
  }
}

/** The position behind the JSON number that begins at `start`; negative if none does. */
export function endOfNumber(bytes: Buffer, start: number): number {
  let position = bytes[start] === 0x2d ? start + 1 : start;
  if (bytes[position] === ZERO) position++;
  else position = endOfDigits(bytes, position);
  if (position >= 0 && bytes[position] === 0x2e) position = endOfDigits(bytes, position + 1);
  if (position >= 0 && ((bytes[position] ?? 0) | 0x20) === 0x65) {
    const sign = bytes[position + 1];
    position = endOfDigits(bytes, sign === 0x2b || sign === 0x2d ? position + 2 : position + 1);
  }
  return position;
}

function endOfDigits(bytes: Buffer, start: number): number {
  let position = start;
  for (;;) {
    const byte = bytes[position];
    if (byte === undefined || byte < ZERO || byte > NINE) return position > start ? position : -1;
    position++;
  }
}

const WORDS = ["true", "false", "null"].map((word) => Buffer.from(word));

/** The position behind `true`, `false` or `null`; negative if what begins at `start` is none of them. */
export function endOfWord(bytes: Buffer, start: number): number {
  const first = bytes[start];
  for (const word of WORDS) {
    if (word[0] !== first) continue;
    for (let index = 1; index < word.length; index++) if (bytes[start + index] !== word[index]) return -1;
    return start + word.length;
  }
  return -1;
}
