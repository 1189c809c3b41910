/** A text that comes in pieces and is written when it is whole. */
export interface HeldText {
  /** @returns false if all that the stream holds has become too long; this text is forgotten then */
  add(piece: string): boolean;
  /** All of it, which is not held any more. */
  whole(): string;
}

/** All such texts of one stream. */
export interface HeldTexts {
  /** How many UTF-16 units they have together. */
  readonly length: number;
  open(): HeldText;
}

/** Of all texts of a stream. */
const MAX_CHARACTERS = 16 * 1024 * 1024;

export function createHeldTexts(): HeldTexts {
  let all = 0;
  const open = (): HeldText => {
    let pieces: string[] = [];
    let length = 0;
    let isForgotten = false;
    const release = (): void => {
      all -= length;
      length = 0;
      pieces = [];
    };
    return {
      add(piece) {
        if (isForgotten) return false;
        isForgotten = all + piece.length > MAX_CHARACTERS;
        if (isForgotten) release();
        else {
          pieces.push(piece);
          length += piece.length;
          all += piece.length;
        }
        return !isForgotten;
      },
      whole() {
        const text = pieces.join("");
        release();
        return text;
      },
    };
  };
  return {
    open,
    get length() {
      return all;
    },
  };
}
