/** Follows the arguments of a call as they come in pieces, to know when their JSON object is whole. */
export interface ArgumentsEnd {
  /** Costs as much as the piece. */
  take(piece: string): void;
  /** Whether an object has come from its first brace to its last. */
  readonly isWhole: boolean;
  /** Whether nothing has come. */
  readonly isEmpty: boolean;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPENING: ReadonlySet<number> = new Set([0x7b, 0x5b]);
const CLOSING: ReadonlySet<number> = new Set([0x7d, 0x5d]);

export function followArguments(): ArgumentsEnd {
  let depth = 0;
  let isInText = false;
  let isEscaped = false;
  const state = { isWhole: false, isEmpty: true };

  const take = (code: number): void => {
    if (isEscaped) isEscaped = false;
    else if (isInText) {
      if (code === BACKSLASH) isEscaped = true;
      else if (code === QUOTE) isInText = false;
    } else if (code === QUOTE) isInText = true;
    else if (OPENING.has(code)) depth += 1;
    else if (CLOSING.has(code)) {
      depth -= 1;
      state.isWhole = depth === 0;
    }
  };

  return {
    take(piece) {
      if (piece !== "") state.isEmpty = false;
      for (let index = 0; index < piece.length; index += 1) take(piece.charCodeAt(index));
    },
    get isWhole() {
      return state.isWhole;
    },
    get isEmpty() {
      return state.isEmpty;
    },
  };
}
