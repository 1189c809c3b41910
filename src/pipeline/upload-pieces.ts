import { nextTurn } from "../core/event-loop.ts";

/** The pieces of a body, one by one, as the runtime hands them out. */
export interface UploadPieces {
  /** The next piece; undefined at the end. */
  next(): Promise<Uint8Array | undefined>;
  cancel(reason?: unknown): Promise<void>;
}

const SMALL_PIECE_BYTES = 4 * 1024;

/** An ordinary request has fewer. */
const FREE_SMALL_PIECES = 16;

/**
 * Reads a body piece by piece. A piece is handed out as it comes; what comes in the same turn of the event loop is
 * joined by the runtime if nobody asks for it. So behind many small pieces each turn hands out one: in chunks of one
 * byte, a mebibyte is a few pieces instead of a million, which would all be in one turn.
 */
export function openPieces(body: ReadableStream<Uint8Array>): UploadPieces {
  const reader = body.getReader();
  let small = 0;
  return {
    async next() {
      if (small > FREE_SMALL_PIECES) await nextTurn();
      const { done, value } = await reader.read();
      if (done) return undefined;
      if (value.length < SMALL_PIECE_BYTES) small++;
      return value;
    },
    cancel: (reason) => reader.cancel(reason),
  };
}
