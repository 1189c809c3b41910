import { type AnswerHead, readAnswerHead } from "./answer-head.ts";
import { type ChunkedDecoder, createChunkedDecoder } from "./chunked-decoder.ts";
import { wireError } from "./wire-error.ts";

/** Longer heads are refused. */
const MAX_HEAD_BYTES = 64 * 1024;

/** What is found in the bytes of an answer, in this order. */
export interface AnswerEvents {
  head(head: AnswerHead): void;
  /** A piece of the body, as a view of the bytes that were pushed. */
  data(bytes: Uint8Array): void;
}

/** Reads one answer from the bytes of a connection, wherever they are cut. */
export interface AnswerParser {
  /**
   * Takes the next bytes of the connection.
   * @returns true when the answer is over. Bytes behind its end are an error: no other request was sent.
   * @throws with a code that begins with `HTTP_`
   */
  push(bytes: Buffer): boolean;
  /**
   * The connection has ended. Returns normally where that is how the answer ends.
   * @throws with the code `ECONNRESET` where more was to come
   */
  finish(): void;
}

/** @param method of the request that will be answered. */
export function createAnswerParser(method: string, events: AnswerEvents): AnswerParser {
  let held: Buffer | undefined;
  let head: AnswerHead | undefined;
  let chunks: ChunkedDecoder | undefined;
  /** Of a body whose length was told, what has not come yet. */
  let left = 0;

  /** Reads heads up to the one that counts; undefined where it has not come whole. */
  const takeHead = (bytes: Buffer): { readonly head: AnswerHead; readonly end: number } | undefined => {
    let start = 0;
    for (;;) {
      const end = bytes.indexOf("\r\n\r\n", start, "latin1");
      if ((end < 0 ? bytes.length : end) - start > MAX_HEAD_BYTES) throw wireError("HTTP_HEAD_TOO_LONG");
      if (end < 0) {
        held = start === 0 ? bytes : bytes.subarray(start);
        return undefined;
      }
      const read = readAnswerHead(bytes.toString("latin1", start, end), method);
      start = end + 4;
      if (read.status === 101) throw wireError("HTTP_UNREQUESTED_UPGRADE");
      if (read.status >= 200) return { head: read, end: start };
    }
  };

  const takeBody = (bytes: Buffer, start: number, { framing }: AnswerHead): boolean => {
    if (framing.kind === "chunked") {
      chunks ??= createChunkedDecoder();
      const end = chunks.push(bytes, start, events.data);
      return end >= 0 && requireEnd(bytes, end);
    }
    if (framing.kind === "until-close") {
      if (start < bytes.length) events.data(start === 0 ? bytes : bytes.subarray(start));
      return false;
    }
    const end = Math.min(start + left, bytes.length);
    left -= end - start;
    if (end > start) events.data(start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end));
    return left === 0 && requireEnd(bytes, end);
  };

  return {
    push(bytes) {
      if (head) return takeBody(bytes, 0, head);
      const whole = held ? Buffer.concat([held, bytes]) : bytes;
      held = undefined;
      const found = takeHead(whole);
      if (!found) return false;
      head = found.head;
      left = head.framing.kind === "length" ? head.framing.length : 0;
      events.head(head);
      return takeBody(whole, found.end, head);
    },
    finish() {
      if (head?.framing.kind !== "until-close") throw wireError("ECONNRESET");
    },
  };
}

function requireEnd(bytes: Buffer, end: number): true {
  if (end < bytes.length) throw wireError("HTTP_INVALID_FRAMING");
  return true;
}
