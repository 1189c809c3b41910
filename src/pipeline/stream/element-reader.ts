const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/** Finds the objects that are the elements of a JSON array, in its bytes, wherever they are cut. Each byte is looked at once. */
export interface ElementReader {
  push(piece: Uint8Array): void;
}

/** @param onElement called with the text of each element that has ended */
export function createElementReader(onElement: (text: string) => void): ElementReader {
  let pieces: Uint8Array[] = [];
  let depth = 0;
  let isString = false;
  let isEscaped = false;

  /** @returns whether an element ends with this byte */
  const take = (byte: number): boolean => {
    if (isString) {
      if (isEscaped) isEscaped = false;
      else if (byte === BACKSLASH) isEscaped = true;
      else if (byte === QUOTE) isString = false;
      return false;
    }
    if (byte === QUOTE) isString = true;
    else if (byte === OPEN_BRACE) depth += 1;
    else if (byte === CLOSE_BRACE) depth -= 1;
    return byte === CLOSE_BRACE && depth === 0;
  };

  return {
    push(piece) {
      let start = 0;
      for (let position = 0; position < piece.length; position++) {
        const wasOutside = depth === 0;
        const isEnd = take(piece[position] as number);
        if (wasOutside && depth === 1) start = position;
        if (!isEnd) continue;
        pieces.push(piece.subarray(start, position + 1));
        onElement(Buffer.concat(pieces).toString());
        pieces = [];
      }
      if (depth > 0) pieces.push(piece.subarray(start));
    },
  };
}
