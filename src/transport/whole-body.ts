import type { AnswerBody } from "./transport.ts";

/** Bytes that are all there, as the body of an answer. */
export function bodyOfBytes(bytes: Uint8Array): AnswerBody {
  return {
    whole: bytes,
    flow(sink) {
      if (bytes.length > 0) sink.write(bytes);
      sink.flush();
      sink.end();
    },
    pause() {},
    resume() {},
    cancel() {},
  };
}
