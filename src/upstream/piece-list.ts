/** So many pieces are kept as they are; most bodies have fewer. */
const MAX_LOOSE_PIECES = 8;

/** Pieces below this are gathered in blocks: a piece of one byte takes a hundred of memory. */
const SMALL_BYTES = 1024;
const BLOCK_BYTES = 16 * 1024;

/** Pieces of a body that wait for somebody to take them, in memory that grows with their bytes and not with their number. */
export class PieceList {
  /** How many bytes they have together. */
  length = 0;
  readonly #pieces: Uint8Array[] = [];
  /** Where the last small pieces were copied to, and how far it is filled; it is not among the pieces yet. */
  #block: Buffer | undefined;
  #filled = 0;

  push(piece: Uint8Array): void {
    this.length += piece.length;
    if (this.#pieces.length < MAX_LOOSE_PIECES || piece.length >= SMALL_BYTES) {
      this.#closeBlock();
      this.#pieces.push(piece);
      return;
    }
    if (this.#filled + piece.length > BLOCK_BYTES) this.#closeBlock();
    this.#block ??= Buffer.allocUnsafe(BLOCK_BYTES);
    this.#block.set(piece, this.#filled);
    this.#filled += piece.length;
  }

  /** All of them in order. */
  pieces(): readonly Uint8Array[] {
    this.#closeBlock();
    return this.#pieces;
  }

  #closeBlock(): void {
    if (this.#block) this.#pieces.push(this.#block.subarray(0, this.#filled));
    this.#block = undefined;
    this.#filled = 0;
  }
}
