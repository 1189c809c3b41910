import type { ResponseBody } from "./transport.ts";

/** A whole body, or, where it is longer than was allowed, what of it had come; the rest is still to be taken. */
export type ReadBody = { readonly whole: Uint8Array } | { readonly tooLong: ResponseBody };

/**
 * Reads a body up to its end, or until more than `limit` bytes of it have come.
 * Rejects with whatever it breaks off with.
 */
export function readWithin(body: ResponseBody, limit: number): ReadBody | Promise<ReadBody> {
  const { whole } = body;
  if (whole) return whole.length > limit ? { tooLong: body } : { whole };
  const { promise, resolve, reject } = Promise.withResolvers<ReadBody>();
  const chunks: Uint8Array[] = [];
  let length = 0;
  let taker: Parameters<ResponseBody["consume"]>[0] | undefined;
  let ending: (() => void) | undefined;
  /** What has come, and then the rest. */
  const rest: ResponseBody = {
    whole: undefined,
    pause: () => body.pause(),
    resume: () => body.resume(),
    cancel: () => body.cancel(),
    consume(consumer) {
      taker = consumer;
      // First, because the sink may ask it to wait again.
      if (!ending) body.resume();
      for (const chunk of chunks) consumer.write(chunk);
      consumer.flush();
      ending?.();
    },
  };
  body.consume({
    write(bytes) {
      if (taker) return taker.write(bytes);
      chunks.push(bytes);
      length += bytes.length;
      if (length <= limit) return;
      body.pause();
      resolve({ tooLong: rest });
    },
    flush: () => taker?.flush(),
    end() {
      if (taker) return taker.end();
      ending = () => taker?.end();
      resolve({ whole: chunks.length === 1 ? (chunks[0] as Uint8Array) : Buffer.concat(chunks, length) });
    },
    fail(error) {
      if (taker) return taker.fail(error);
      ending = () => taker?.fail(error);
      reject(error);
    },
  });
  return promise;
}
