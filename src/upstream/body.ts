import type { ResponseBody, BodyConsumer } from "./transport.ts";

/** So many bytes may lie unread in a stream made of a body before the sender has to wait. */
const MAX_UNREAD_BYTES = 64 * 1024;

/** What a piece takes beside its bytes: many small ones are not to take more memory than few large ones. */
const PIECE_BYTES = 256;

/** A body as a web-standard stream, for readers that take one; the hot path does without. */
export function streamOfBody(body: ResponseBody): ReadableStream<Uint8Array> {
  let isPaused = false;
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        body.consume({
          write(bytes) {
            controller.enqueue(bytes);
            if (isPaused || (controller.desiredSize ?? 0) > 0) return;
            isPaused = true;
            body.pause();
          },
          flush() {},
          end: () => controller.close(),
          fail: (error) => controller.error(error),
        });
      },
      pull() {
        if (!isPaused) return;
        isPaused = false;
        body.resume();
      },
      cancel: () => body.cancel(),
    },
    { highWaterMark: MAX_UNREAD_BYTES, size: (piece) => (piece?.length ?? 0) + PIECE_BYTES },
  );
}

/** The other way round: a web-standard stream as a body. */
export function bodyOfStream(stream: ReadableStream<Uint8Array>): ResponseBody {
  const reader = stream.getReader();
  let whenResumed: PromiseWithResolvers<void> | undefined;
  let isCancelled = false;
  return {
    whole: undefined,
    consume(consumer) {
      const carry = async (): Promise<void> => {
        for (;;) {
          const { done, value } = await reader.read();
          if (isCancelled) return;
          if (done) return consumer.end();
          consumer.write(value);
          if (isCancelled) return;
          consumer.flush();
          await whenResumed?.promise;
        }
      };
      carry().catch((error: unknown) => {
        if (!isCancelled) consumer.fail(error);
      });
    },
    pause() {
      whenResumed ??= Promise.withResolvers<void>();
    },
    resume() {
      whenResumed?.resolve();
      whenResumed = undefined;
    },
    cancel() {
      isCancelled = true;
      whenResumed?.resolve();
      void reader.cancel().catch(() => {});
    },
  };
}

/** Handed over at a time, so that a taker can ask for a pause in between. */
const SLICE_BYTES = 64 * 1024;

/** Bytes that are all there, as the body of an answer. */
export function bodyOfBytes(bytes: Uint8Array): ResponseBody {
  let consumer: BodyConsumer | undefined;
  let position = 0;
  let isPaused = false;
  let isCarrying = false;

  const carry = (): void => {
    // The consumer may pause and resume within a write.
    if (isCarrying) return;
    isCarrying = true;
    while (consumer && !isPaused && position < bytes.length) {
      const piece = bytes.subarray(position, position + SLICE_BYTES);
      position += piece.length;
      consumer.write(piece);
      consumer?.flush();
    }
    isCarrying = false;
    if (!consumer || isPaused || position < bytes.length) return;
    const ended = consumer;
    consumer = undefined;
    ended.end();
  };

  return {
    whole: bytes,
    consume(taker) {
      consumer = taker;
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
      consumer = undefined;
    },
  };
}
