/** Follows the text of a call's arguments as it comes in pieces, to know when its JSON object is whole. */
export interface ArgumentsEnd {
  /** Costs as much as the piece. */
  take(piece: string): void;
  /** Whether nothing but white space has come. */
  isEmpty(): boolean;
  /** Whether an object has come from its first brace to its last. What a model writes instead never is whole. */
  isWhole(): boolean;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPENING = new Set([0x7b, 0x5b]);
const CLOSING = new Set([0x7d, 0x5d]);

export function followArguments(): ArgumentsEnd {
  let depth = 0;
  let empty = true;
  let inText = false;
  let escaped = false;
  let whole = false;

  const take = (code: number): void => {
    if (escaped) escaped = false;
    else if (inText) {
      if (code === BACKSLASH) escaped = true;
      else if (code === QUOTE) inText = false;
    } else if (code === QUOTE) inText = true;
    else if (OPENING.has(code)) depth += 1;
    else if (CLOSING.has(code)) {
      depth -= 1;
      whole = depth === 0;
    }
  };

  return {
    take(piece) {
      empty &&= piece.trim() === "";
      for (let index = 0; index < piece.length; index += 1) take(piece.charCodeAt(index));
    },
    isEmpty: () => empty,
    isWhole: () => whole,
  };
}
