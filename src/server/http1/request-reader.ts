import { Failure } from "../../core/errors.ts";
import { ChunkedDecoder } from "../../upstream/http1/chunked-decoder.ts";
import { freeBytes, MIN_FREED_BYTES } from "../../core/memory/free-bytes.ts";
import type { SocketConnection } from "../../upstream/http1/socket-connection.ts";
import { GrowingBytes } from "../../upstream/http1/growing-bytes.ts";
import { sliceOrCopy } from "../../upstream/read-body.ts";
import { type BodySource, IncomingBody } from "./incoming-body.ts";
import { type HeadFault, parseRequestHead, type RequestHead } from "./request-head.ts";
import type { RequestTaker } from "./request-taker.ts";

const HEAD_END = Buffer.from("\r\n\r\n");
const CONTINUE = Buffer.from("HTTP/1.1 100 Continue\r\n\r\n");

/** So much of a body that nobody wants is read, for the connection to carry the next request. */
const MAX_UNWANTED_BYTES = 16 * 1024 * 1024;

/**
 * Of requests that come before the one in front is answered, so many bytes may wait. To read no more would be to see no more when
 * the client leaves.
 */
const MAX_AHEAD_BYTES = 256 * 1024;

/**
 * A body up to this length is put together as it comes, in memory that is freed when it has been sent on; and so is what it was
 * read in. Garbage would wait for a collection.
 */
const MAX_ROOM_BYTES = 256 * 1024;

type State =
  /** The head of a request is to come. */
  | "ready"
  /** A request is there, and whoever answers it takes its body. */
  | "taken"
  /** It is answered, and its body is not over. */
  | "skipping"
  /** Nothing can be read any more. */
  | "broken";

/** Reads requests from the bytes of a connection, one after the other, wherever they are cut. */
export class RequestReader implements BodySource {
  readonly #wire: SocketConnection;
  readonly #taker: RequestTaker;
  readonly #maxHeadBytes: number;
  #state: State = "ready";
  /** The beginning of a head, or what is behind the request in front. */
  #ahead: GrowingBytes | undefined;
  /** The body under way, until it is over. */
  #body: IncomingBody | undefined;
  #bodyLeft = 0;
  /** Where all of the body will lie, if its memory is to be freed when it has been sent on. */
  #room: Buffer | undefined;
  #chunks: ChunkedDecoder | undefined;
  #unwantedBytes = 0;
  /** The client has to be told that its body is wanted. */
  #awaitsContinue = false;

  constructor(wire: SocketConnection, maxHeadBytes: number, taker: RequestTaker) {
    this.#wire = wire;
    this.#maxHeadBytes = maxHeadBytes;
    this.#taker = taker;
  }

  /** Bytes of a request have come that nobody has been told of. */
  get hasBegun(): boolean {
    return this.#ahead !== undefined;
  }

  /** Whether the body of the request in front may be skipped when that is answered. */
  get canSkip(): boolean {
    return this.#state !== "broken" && (!this.#body || (!this.#awaitsContinue && this.#bodyLeft <= MAX_UNWANTED_BYTES));
  }

  take(bytes: Buffer): void {
    const rest = this.#body ? this.#takeBody(bytes) : bytes;
    if (rest.length === 0 || this.#state === "broken") return;
    const isReady = this.#state === "ready";
    if (isReady && !this.#ahead) return this.#takeHead(rest, 0);
    // What has come before holds no end of a head, but perhaps the beginning of one.
    const searchFrom = Math.max(0, (this.#ahead?.length ?? 0) - HEAD_END.length + 1);
    this.#ahead ??= new GrowingBytes();
    this.#ahead.append(rest);
    if (isReady) this.#takeHead(this.#ahead.bytes, searchFrom);
    else if (this.#ahead.length > MAX_AHEAD_BYTES) this.#taker.onFlood();
  }

  /** The request in front is answered. @returns whether its body is over, too; else the taker hears when it is */
  finish(): boolean {
    if (!this.#body) return true;
    this.#state = "skipping";
    this.#unwantedBytes = 0;
    this.#body.cancel();
    return false;
  }

  /** Goes on with the request behind the one in front. */
  next(): void {
    this.#state = "ready";
    this.#wire.resume();
    if (this.#ahead) this.#takeHead(this.#ahead.bytes, 0);
  }

  /** The connection has ended, or nothing of it is wanted any more. */
  close(reason: Failure): void {
    this.#state = "broken";
    this.#ahead = undefined;
    const body = this.#body;
    this.#body = this.#chunks = undefined;
    body?.fail(reason);
  }

  #takeHead(bytes: Buffer, searchFrom: number): void {
    const end = bytes.indexOf(HEAD_END, searchFrom);
    if ((end < 0 ? bytes.length : end) > this.#maxHeadBytes) return this.#refuse(431);
    if (end < 0) {
      if (!this.#ahead) (this.#ahead = new GrowingBytes()).append(bytes);
      return;
    }
    const head = parseRequestHead(bytes.toString("latin1", 0, end));
    if (typeof head === "number") return this.#refuse(head);
    this.#state = "taken";
    const body = this.#openBody(head);
    const behind = bytes.subarray(end + HEAD_END.length);
    this.#keepRest(body && behind.length > 0 ? this.#takeBody(behind) : behind);
    if (this.#room && !this.#ahead) freeBytes(bytes);
    this.#taker.onRequest(head, body);
  }

  /** @param rest what has not been read of the bytes under way, which may be all that is ahead */
  #keepRest(rest: Buffer): void {
    this.#ahead?.drop(this.#ahead.length - rest.length);
    if (rest.length === 0) this.#ahead = undefined;
    else if (!this.#ahead) (this.#ahead = new GrowingBytes()).append(rest);
  }

  #openBody({ framing, awaitsContinue }: RequestHead): IncomingBody | undefined {
    this.#awaitsContinue = awaitsContinue;
    if (framing === 0 || framing === "unclear") return undefined;
    const hasRoom = framing !== "chunked" && framing >= MIN_FREED_BYTES && framing <= MAX_ROOM_BYTES;
    this.#room = hasRoom ? Buffer.allocUnsafeSlow(framing) : undefined;
    this.#body = new IncomingBody(this, this.#room);
    this.#bodyLeft = framing === "chunked" ? 0 : framing;
    this.#chunks =
      framing === "chunked" ? new ChunkedDecoder({ onData: (bytes) => this.#hand(bytes) }, true) : undefined;
    return this.#body;
  }

  /** @returns what is behind the body */
  #takeBody(bytes: Buffer): Buffer {
    // They may be freed.
    const { length } = bytes;
    const end = this.#chunks ? this.#takeChunks(this.#chunks, bytes) : this.#takeLength(bytes);
    const body = this.#body;
    body?.flush();
    if (end < 0) {
      if (this.#state === "skipping" && this.#unwantedBytes > MAX_UNWANTED_BYTES) this.#taker.onSkipped(false);
      return NOTHING;
    }
    this.#body = this.#chunks = undefined;
    body?.end();
    this.#wire.resume();
    if (this.#state !== "skipping") return end < length ? bytes.subarray(end) : NOTHING;
    if (end < length) (this.#ahead = new GrowingBytes()).append(bytes.subarray(end));
    this.#taker.onSkipped(true);
    return NOTHING;
  }

  #takeLength(bytes: Buffer): number {
    const end = Math.min(this.#bodyLeft, bytes.length);
    const room = this.#room;
    if (room) {
      const at = room.length - this.#bodyLeft;
      bytes.copy(room, at, 0, end);
      this.#hand(room.subarray(at, at + end));
      if (end === bytes.length) freeBytes(bytes);
    } else this.#hand(sliceOrCopy(bytes, 0, end));
    this.#bodyLeft -= end;
    return this.#bodyLeft === 0 ? end : -1;
  }

  #takeChunks(chunks: ChunkedDecoder, bytes: Buffer): number {
    try {
      return chunks.push(bytes, 0);
    } catch (error) {
      const isSkipping = this.#state === "skipping";
      this.close(new Failure("body_interrupted", { cause: error }));
      if (isSkipping) this.#taker.onFault(400);
      return -1;
    }
  }

  #hand(bytes: Uint8Array): void {
    this.#unwantedBytes += bytes.length;
    this.#body?.write(bytes);
  }

  #refuse(status: HeadFault): void {
    this.#state = "broken";
    this.#ahead = undefined;
    this.#taker.onFault(status);
  }

  // Of the body under way:

  pauseReading(isPaused: boolean): void {
    if (isPaused) this.#wire.pause();
    else this.#wire.resume();
  }

  wantBody(): void {
    if (!this.#awaitsContinue || !this.#body) return;
    this.#awaitsContinue = false;
    this.#wire.write(CONTINUE);
  }
}

const NOTHING = Buffer.alloc(0);
