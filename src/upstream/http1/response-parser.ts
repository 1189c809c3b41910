import { type ResponseHead, parseResponseHead } from "./response-head.ts";
import { type BodyEnd, bodyEndOf } from "./body-end.ts";
import { type BodyTaker, ChunkedDecoder } from "./chunked-decoder.ts";
import { sliceOrCopy } from "../read-body.ts";
import { PartialHead } from "./partial-head.ts";
import { WireError } from "./wire-error.ts";

const HEAD_END = Buffer.from("\r\n\r\n");

/** Longer heads are refused. */
const MAX_HEAD_BYTES = 64 * 1024;

/** Heads of 1xx before the one that counts; more are refused. */
const MAX_INTERIM_HEADS = 32;

/** Hears what is found in the bytes of an answer, in this order. */
export interface ResponseParserConsumer extends BodyTaker {
  onHead(head: ResponseHead): void;
}

/** Reads one answer from the bytes of a connection, wherever they are cut. A class because one is made for each answer. */
export class ResponseParser {
  readonly #method: string;
  readonly #taker: ResponseParserConsumer;
  #partial: PartialHead | undefined;
  #interimHeads = 0;
  #head: ResponseHead | undefined;
  #chunks: ChunkedDecoder | undefined;
  readonly #isSecure: boolean;
  /** Of a body that the connection delimits, if its end may be anybody's doing. */
  #bodyEnd: BodyEnd | undefined;
  /** Of a body whose length was announced, what has not come yet. */
  #left = 0;

  /** Something came behind the end of the answer, though nothing else was asked for. */
  hasExcess = false;

  /**
   * @param method of the request that will be answered.
   * @param isSecure whether it comes over TLS, because there an end of the connection is no end of an answer.
   */
  constructor(method: string, taker: ResponseParserConsumer, isSecure: boolean) {
    this.#method = method;
    this.#isSecure = isSecure;
    this.#taker = taker;
  }

  /**
   * Takes the next bytes of the connection.
   * @returns true when the answer is over
   * @throws with a code that begins with `HTTP_`
   */
  push(bytes: Buffer): boolean {
    if (this.#chunks) return this.#takeChunks(this.#chunks, bytes, 0);
    if (this.#head) return this.#takeBody(bytes, 0, this.#head);
    const partial = this.#partial;
    if (!partial) return this.#takeHeads(bytes, 0);
    // What has come before holds no end of a head, but perhaps the beginning of one.
    const searchFrom = Math.max(0, partial.length - HEAD_END.length + 1);
    partial.append(bytes);
    return this.#takeHeads(partial.bytes, searchFrom);
  }

  /**
   * The connection has ended. Returns normally if that is how the answer ends.
   * @throws with the code `ECONNRESET` if more was to come
   */
  finish(): void {
    if (this.#head?.framing.kind !== "until-close") throw new WireError("ECONNRESET");
    if (this.#isSecure && !this.#bodyEnd?.isReached()) throw new WireError("ECONNRESET");
  }

  /** Reads heads up to the one that counts, and what is behind it; keeps the rest if that one has not come whole. */
  #takeHeads(bytes: Buffer, searchFrom: number): boolean {
    let start = 0;
    for (;;) {
      const end = bytes.indexOf(HEAD_END, start === 0 ? searchFrom : start);
      if ((end < 0 ? bytes.length : end) - start > MAX_HEAD_BYTES) throw new WireError("HTTP_HEAD_TOO_LONG");
      if (end < 0) {
        this.#hold(bytes, start);
        return false;
      }
      const head = parseResponseHead(bytes.toString("latin1", start, end), this.#method);
      start = end + HEAD_END.length;
      if (head.status === 101) throw new WireError("HTTP_UNREQUESTED_UPGRADE");
      if (head.status < 200) {
        if (++this.#interimHeads > MAX_INTERIM_HEADS) throw new WireError("HTTP_TOO_MANY_INTERIM_HEADS");
        continue;
      }
      this.#partial = undefined;
      this.#head = head;
      this.#left = head.framing.kind === "length" ? head.framing.length : 0;
      this.#taker.onHead(head);
      return this.#takeBody(bytes, start, head);
    }
  }

  /** Keeps a head that has not come whole, which begins at `start`. */
  #hold(bytes: Buffer, start: number): void {
    if (!this.#partial || start > 0) {
      this.#partial = new PartialHead();
      this.#partial.append(bytes.subarray(start));
    }
    this.#partial.check();
  }

  #takeBody(bytes: Buffer, start: number, { framing, headers }: ResponseHead): boolean {
    if (framing.kind === "chunked") {
      this.#chunks = new ChunkedDecoder(this.#taker);
      return this.#takeChunks(this.#chunks, bytes, start);
    }
    if (framing.kind === "until-close") {
      if (this.#isSecure) (this.#bodyEnd ??= bodyEndOf(headers)).push(bytes.subarray(start));
      if (start < bytes.length) this.#taker.onData(sliceOrCopy(bytes, start, bytes.length));
      return false;
    }
    const end = Math.min(start + this.#left, bytes.length);
    this.#left -= end - start;
    if (end > start) this.#taker.onData(sliceOrCopy(bytes, start, end));
    return this.#left === 0 && this.#end(bytes, end);
  }

  #takeChunks(chunks: ChunkedDecoder, bytes: Buffer, start: number): boolean {
    const end = chunks.push(bytes, start);
    return end >= 0 && this.#end(bytes, end);
  }

  #end(bytes: Buffer, end: number): true {
    this.hasExcess = end < bytes.length;
    return true;
  }
}
