import { type ResponseHead, parseResponseHead } from "./response-head.ts";
import { type ChunkedDecoder, createChunkedDecoder, sliceOrCopy } from "./chunked-decoder.ts";
import { wireError } from "../errors.ts";

const HEAD_END = Buffer.from("\r\n\r\n");

/** Longer heads are refused. */
const MAX_HEAD_BYTES = 64 * 1024;

/** Hears what is found in the bytes of an answer, in this order. */
export interface ResponseParserConsumer {
  onHead(head: ResponseHead): void;
  /** A piece of the body, which may be a view of the bytes that were pushed. */
  onData(bytes: Uint8Array): void;
}

/** Reads one answer from the bytes of a connection, wherever they are cut. A class because one is made for each answer. */
export class ResponseParser {
  readonly #method: string;
  readonly #taker: ResponseParserConsumer;
  #held: Buffer | undefined;
  #head: ResponseHead | undefined;
  #chunks: ChunkedDecoder | undefined;
  /** Of a body whose length was told, what has not come yet. */
  #left = 0;

  /** Something came behind the end of the answer, though nothing else was asked for. */
  hasExcess = false;

  /** @param method of the request that will be answered. */
  constructor(method: string, taker: ResponseParserConsumer) {
    this.#method = method;
    this.#taker = taker;
  }

  /**
   * Takes the next bytes of the connection.
   * @returns true when the answer is over
   * @throws with a code that begins with `HTTP_`
   */
  push(bytes: Buffer): boolean {
    if (this.#head) return this.#takeBody(bytes, 0, this.#head);
    const whole = this.#held ? Buffer.concat([this.#held, bytes]) : bytes;
    this.#held = undefined;
    const end = this.#takeHead(whole);
    if (!this.#head) return false;
    this.#taker.onHead(this.#head);
    return this.#takeBody(whole, end, this.#head);
  }

  /**
   * The connection has ended. Returns normally where that is how the answer ends.
   * @throws with the code `ECONNRESET` where more was to come
   */
  finish(): void {
    if (this.#head?.framing.kind !== "until-close") throw wireError("ECONNRESET");
  }

  /** Reads heads up to the one that counts. Returns the position behind it; keeps what there is where it has not come whole. */
  #takeHead(bytes: Buffer): number {
    let start = 0;
    for (;;) {
      const end = bytes.indexOf(HEAD_END, start);
      if ((end < 0 ? bytes.length : end) - start > MAX_HEAD_BYTES) throw wireError("HTTP_HEAD_TOO_LONG");
      if (end < 0) {
        this.#held = start === 0 ? bytes : bytes.subarray(start);
        return start;
      }
      const head = parseResponseHead(bytes.toString("latin1", start, end), this.#method);
      start = end + 4;
      if (head.status === 101) throw wireError("HTTP_UNREQUESTED_UPGRADE");
      if (head.status < 200) continue;
      this.#head = head;
      this.#left = head.framing.kind === "length" ? head.framing.length : 0;
      return start;
    }
  }

  #takeBody(bytes: Buffer, start: number, { framing }: ResponseHead): boolean {
    if (framing.kind === "chunked") {
      this.#chunks ??= createChunkedDecoder();
      const end = this.#chunks.push(bytes, start, this.#taker);
      return end >= 0 && this.#end(bytes, end);
    }
    if (framing.kind === "until-close") {
      if (start < bytes.length) this.#taker.onData(sliceOrCopy(bytes, start, bytes.length));
      return false;
    }
    const end = Math.min(start + this.#left, bytes.length);
    this.#left -= end - start;
    if (end > start) this.#taker.onData(sliceOrCopy(bytes, start, end));
    return this.#left === 0 && this.#end(bytes, end);
  }

  #end(bytes: Buffer, end: number): true {
    this.hasExcess = end < bytes.length;
    return true;
  }
}
