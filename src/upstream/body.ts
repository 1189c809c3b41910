import type { ResponseBody } from "./transport.ts";

/** So many bytes may lie unread in a stream made of a body before the sender has to wait. */
const MAX_UNREAD_BYTES = 64 * 1024;

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
    new ByteLengthQueuingStrategy({ highWaterMark: MAX_UNREAD_BYTES }),
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

/** Bytes that are all there, as the body of an answer. */
export function bodyOfBytes(bytes: Uint8Array): ResponseBody {
  return {
    whole: bytes,
    consume(consumer) {
      if (bytes.length > 0) consumer.write(bytes);
      consumer.flush();
      consumer.end();
    },
    pause() {},
    resume() {},
    cancel() {},
  };
}
