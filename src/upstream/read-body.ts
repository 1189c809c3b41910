import type { ResponseBody } from "./transport.ts";

/** A whole body, or, if it is longer than was allowed, what of it had come; the rest is still to be taken. */
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
  const { promise, resolve, reject } = Promise.withResolvers<ReadBody>();
  let chunks: Uint8Array[] = [];
  let length = 0;
  let isTooLong = false;
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
      // First, because the consumer may ask it to wait again.
      if (!ending) body.resume();
      for (const chunk of chunks) consumer.write(chunk);
      chunks = [];
      consumer.flush();
      ending?.();
    },
  };
  body.consume({
    write(bytes) {
      if (taker) return taker.write(bytes);
      chunks.push(bytes);
      length += bytes.length;
      if (isTooLong || fits(length)) return;
      isTooLong = true;
      body.pause();
      resolve({ tooLong: rest });
    },
    flush: () => taker?.flush(),
    end() {
      if (taker) return taker.end();
      ending = () => taker?.end();
      if (isTooLong) return;
      resolve({ whole: chunks.length === 1 ? (chunks[0] as Uint8Array) : Buffer.concat(chunks, length) });
      // Who sends the body may keep this consumer for as long as the call lasts.
      chunks = [];
    },
    fail(error) {
      if (taker) return taker.fail(error);
      ending = () => taker?.fail(error);
      reject(error);
    },
  });
  return promise;
}
