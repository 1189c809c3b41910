import { wireError } from "./wire-error.ts";

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/** A line that tells a chunk's size, with its extensions; and all lines of the trailer together. */
const MAX_LINE_BYTES = 4096;
const MAX_TRAILER_BYTES = 16 * 1024;

const SIZE_LINE = /^([0-9a-fA-F]{1,12})[\t ]*(?:;[^\r]*)?$/;

/** Takes the chunked coding off a body. https://www.rfc-editor.org/rfc/rfc9112#section-7.1 */
export interface ChunkedDecoder {
  /**
   * Takes the next bytes and hands those of the body to `taker`, as views.
   * @returns the position behind the end of the body, or -1 while it goes on.
   * @throws with the code `HTTP_INVALID_CHUNK`
   */
  push(bytes: Buffer, start: number, taker: { onData(bytes: Uint8Array): void }): number;
}

type Part = "size" | "data" | "data-end" | "trailer";

export function createChunkedDecoder(): ChunkedDecoder {
  let part: Part = "size";
  /** The beginning of a line whose end has not arrived. */
  let line = "";
  let left = 0;
  let trailerBytes = 0;

  /** The line that begins at `at`, or undefined where its end has not come; moves `position` behind it. */
  let position = 0;
  const takeLine = (bytes: Buffer): string | undefined => {
    const end = bytes.indexOf(LINE_FEED, position);
    line += bytes.toString("latin1", position, end < 0 ? bytes.length : end);
    position = end < 0 ? bytes.length : end + 1;
    if (line.length > MAX_LINE_BYTES) throw wireError("HTTP_INVALID_CHUNK");
    if (end < 0) return undefined;
    if (line.charCodeAt(line.length - 1) !== CARRIAGE_RETURN) throw wireError("HTTP_INVALID_CHUNK");
    const taken = line.slice(0, -1);
    line = "";
    return taken;
  };

  return {
    push(bytes, start, taker) {
      position = start;
      while (position < bytes.length) {
        if (part === "data") {
          const end = Math.min(position + left, bytes.length);
          left -= end - position;
          taker.onData(bytes.subarray(position, end));
          position = end;
          if (left === 0) part = "data-end";
          continue;
        }
        const taken = takeLine(bytes);
        if (taken === undefined) break;
        if (part === "size") {
          const size = SIZE_LINE.exec(taken)?.[1];
          if (size === undefined) throw wireError("HTTP_INVALID_CHUNK");
          left = Number.parseInt(size, 16);
          part = left === 0 ? "trailer" : "data";
        } else if (part === "data-end") {
          if (taken !== "") throw wireError("HTTP_INVALID_CHUNK");
          part = "size";
        } else {
          if (taken === "") return position;
          trailerBytes += taken.length;
          if (trailerBytes > MAX_TRAILER_BYTES) throw wireError("HTTP_INVALID_CHUNK");
        }
      }
      return -1;
    },
  };
}
