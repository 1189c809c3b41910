/** A text that comes in pieces and is written when it is whole. */
export interface HeldText {
  /** @returns false if it has become too long; it is forgotten then */
  add(piece: string): boolean;
  whole(): string;
}

const MAX_CHARACTERS = 16 * 1024 * 1024;

export function holdText(): HeldText {
  let pieces: string[] = [];
  let length = 0;
  return {
    add(piece) {
      length += piece.length;
      if (length <= MAX_CHARACTERS) pieces.push(piece);
      else pieces = [];
      return length <= MAX_CHARACTERS;
    },
    whole: () => pieces.join(""),
  };
}
