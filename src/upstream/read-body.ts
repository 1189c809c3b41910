import type { ResponseBody } from "./transport.ts";

/** Up to this size a copy costs less than a view, which needs two objects more and keeps all the bytes it looks at. */
const COPIED_BYTES = 4096;

/** Some of the bytes that came from a connection, from `start` to before `end`. Nobody may write to either. */
export function sliceOrCopy(bytes: Buffer, start: number, end: number): Buffer {
  if (start === 0 && end === bytes.length) return bytes;
  if (end - start > COPIED_BYTES) return bytes.subarray(start, end);
  const piece = Buffer.allocUnsafe(end - start);
  bytes.copy(piece, 0, start, end);
  return piece;
}

/** A call into the runtime costs as much as some twenty steps of a loop, and chunks may be of one byte. */
const FEW_BYTES = 16;

/** Moves the bytes from `start` to before `end` down to `to`. */
export function moveDown(bytes: Buffer, to: number, start: number, end: number): void {
  if (end - start > FEW_BYTES) {
    bytes.copyWithin(to, start, end);
    return;
  }
  for (let at = start; at < end; at++) bytes[to + at - start] = bytes[at] as number;
}

/**
 * So many pieces are kept as they are; most bodies have fewer. The events that come along with the head of a stream are pieces that
 * wait, and of a read of 4 KB, from which on they are joined, there are no more.
 */
const MAX_LOOSE_PIECES = 64;

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

/** A whole body, or, if it is longer than was allowed, all of it, still to be taken. */
export type ReadBody = { readonly whole: Uint8Array } | { readonly tooLong: ResponseBody };

/**
 * Reads a body up to its end, or until more than `limit` bytes of it have come.
 * Rejects with whatever it breaks off with.
 * @param mayHold asked whether so many bytes may be held, before each further piece; if not, the body is too long
 */
export function readWithin(
  body: ResponseBody,
  limit: number,
  mayHold?: (length: number) => boolean,
): ReadBody | Promise<ReadBody> {
  const { whole } = body;
  const fits = (length: number): boolean => length <= limit && (mayHold === undefined || mayHold(length));
  if (whole) return fits(whole.length) ? { whole } : { tooLong: body };
  const isTooMuch = (length: number): boolean => {
    if (fits(length)) return false;
    body.pause();
    return true;
  };
  return body.keepUntil(isTooMuch).then((isTooLong) => {
    if (isTooLong) return { tooLong: body };
    const read = { whole: body.whole ?? NOTHING };
    // The call may hold the body for longer than its bytes are wanted.
    body.cancel();
    return read;
  });
}

const NOTHING = new Uint8Array(0);
