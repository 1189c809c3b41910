import type { AnswerBody, BodySink } from "./transport.ts";

/** Handed over at a time, so that a taker can ask for a pause in between. */
const PIECE_BYTES = 64 * 1024;

/** Bytes that are all there, as the body of an answer. */
export function bodyOfBytes(bytes: Uint8Array): AnswerBody {
  let sink: BodySink | undefined;
  let position = 0;
  let isPaused = false;
  let isCarrying = false;

  const carry = (): void => {
    // The sink may pause and resume within a write.
    if (isCarrying) return;
    isCarrying = true;
    while (sink && !isPaused && position < bytes.length) {
      const piece = bytes.subarray(position, position + PIECE_BYTES);
      position += piece.length;
      sink.write(piece);
      sink?.flush();
    }
    isCarrying = false;
    if (!sink || isPaused || position < bytes.length) return;
    const ended = sink;
    sink = undefined;
    ended.end();
  };

  return {
    whole: bytes,
    flow(taker) {
      sink = taker;
      carry();
    },
    pause() {
      isPaused = true;
    },
    resume() {
      isPaused = false;
      carry();
    },
    cancel() {
      sink = undefined;
    },
  };
}
