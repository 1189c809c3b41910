import type { AnswerBody } from "./transport.ts";

/** So many bytes may lie unread in a stream made of a body before the sender has to wait. */
const MAX_UNREAD_BYTES = 64 * 1024;

/** What a piece takes beside its bytes: many small ones are not to take more memory than few large ones. */
const PIECE_BYTES = 256;

/** A body as a web-standard stream, for readers that take one; the hot path does without. */
export function streamOfBody(body: AnswerBody): ReadableStream<Uint8Array> {
  let isPaused = false;
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        body.flow({
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
export function bodyOfStream(stream: ReadableStream<Uint8Array>): AnswerBody {
  const reader = stream.getReader();
  let whenResumed: PromiseWithResolvers<void> | undefined;
  let isCancelled = false;
  return {
    whole: undefined,
    flow(sink) {
      const carry = async (): Promise<void> => {
        for (;;) {
          const { done, value } = await reader.read();
          if (isCancelled) return;
          if (done) return sink.end();
          sink.write(value);
          if (isCancelled) return;
          sink.flush();
          await whenResumed?.promise;
        }
      };
      carry().catch((error: unknown) => {
        if (!isCancelled) sink.fail(error);
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
