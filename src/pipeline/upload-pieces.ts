import { nextTurn } from "../core/event-loop.ts";

/** The pieces of a body, one by one. */
export interface UploadPieces {
  /** The next piece; undefined at the end. */
  next(): Promise<Uint8Array | undefined>;
  cancel(reason?: unknown): Promise<void>;
}

const SMALL_PIECE_BYTES = 4 * 1024;

/** An ordinary request has fewer. */
const FREE_SMALL_PIECES = 16;

/**
 * Reads a body piece by piece. A piece is handed out as it comes; what the connection has read at once is in few
 * already, as its chunks are joined. A client may still send many small ones, each by itself: behind these each turn of the event
 * loop hands out one.
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
