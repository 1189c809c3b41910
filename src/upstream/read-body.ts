import type { ResponseBody } from "./transport.ts";

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
