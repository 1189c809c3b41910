import { Failure } from "../../core/errors.ts";
import { GrowingBytes } from "../../upstream/http1/growing-bytes.ts";
import type { SocketConnection } from "../../upstream/http1/socket-connection.ts";
import { BodyReader } from "./body-reader.ts";
import { AheadShare } from "./ahead-share.ts";
import type { BodySource } from "./incoming-body.ts";
import { type HeadFault, mayBeginHead, parseRequestHead } from "./request-head.ts";
import type { ReaderParts, RequestTaker } from "./request-taker.ts";

const NOTHING = Buffer.alloc(0);
const HEAD_END = Buffer.from("\r\n\r\n");
const CONTINUE = Buffer.from("HTTP/1.1 100 Continue\r\n\r\n");

/** So much of a body that nobody wants is read, for the connection to carry the next request. */
const MAX_UNWANTED_BYTES = 16 * 1024 * 1024;

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
  readonly #aheadShare: AheadShare;
  #state: State = "ready";
  /** The beginning of a head, or what is behind the request in front. */
  #ahead: GrowingBytes | undefined;
  /** Of the body under way, until that is over. */
  #reading: BodyReader | undefined;
  #unwantedBytes = 0;
  /** The client has to be told that its body is wanted. */
  #awaitsContinue = false;

  constructor(wire: SocketConnection, { maxHeadBytes, allAhead }: ReaderParts, taker: RequestTaker) {
    this.#wire = wire;
    this.#maxHeadBytes = maxHeadBytes;
    this.#aheadShare = new AheadShare(allAhead);
    this.#taker = taker;
  }

  /** Bytes of a request have come that nobody has been told of. */
  get hasBegun(): boolean {
    return this.#ahead !== undefined;
  }

  /** Whether the body of the request in front may be skipped when that is answered. */
  get canSkip(): boolean {
    return (
      this.#state !== "broken" &&
      (!this.#reading || (!this.#awaitsContinue && this.#reading.left <= MAX_UNWANTED_BYTES))
    );
  }

  /** Takes the next bytes of the connection. May free them. */
  take(bytes: Buffer): void {
    const rest = this.#reading ? this.#takeBody(this.#reading, bytes) : bytes;
    if (rest.length === 0 || this.#state === "broken") return;
    const isReady = this.#state === "ready";
    if (isReady && !this.#ahead) return this.#takeHead(rest, 0);
    // What has come before holds no end of a head, but perhaps the beginning of one.
    const searchFrom = Math.max(0, (this.#ahead?.length ?? 0) - HEAD_END.length + 1);
    (this.#ahead ??= new GrowingBytes()).append(rest);
    if (isReady) this.#takeHead(this.#ahead.bytes, searchFrom);
    else if (!this.#mayWait()) this.#taker.onFlood();
  }

  /** The request in front is answered. @returns whether its body is over, too; else the taker hears when it is */
  finish(): boolean {
    if (!this.#reading) return true;
    this.#state = "skipping";
    this.#unwantedBytes = 0;
    this.#reading.body.cancel();
    this.#reading.drop();
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
    this.#break();
    const reading = this.#reading;
    this.#reading = undefined;
    reading?.body.fail(reason);
    reading?.drop();
  }

  #takeHead(bytes: Buffer, searchFrom: number): void {
    const end = bytes.indexOf(HEAD_END, searchFrom);
    if ((end < 0 ? bytes.length : end) > this.#maxHeadBytes) return this.#refuse(431);
    if (end < 0) {
      if (!mayBeginHead(bytes, searchFrom)) return this.#refuse(400);
      if (!this.#ahead) (this.#ahead = new GrowingBytes()).append(bytes);
      return this.#mayWait() ? undefined : this.#refuse(503);
    }
    const head = parseRequestHead(bytes.toString("latin1", 0, end));
    if (typeof head === "number") return this.#refuse(head);
    this.#state = "taken";
    this.#awaitsContinue = head.awaitsContinue;
    const { framing } = head;
    const reading = framing === 0 || framing === "unclear" ? undefined : new BodyReader(this, framing);
    this.#reading = reading;
    const behind = bytes.subarray(end + HEAD_END.length);
    this.#keepRest(reading && behind.length > 0 ? this.#takeBody(reading, behind) : behind);
    if (!this.#ahead) reading?.freeHead(bytes);
    if (!this.#mayWait()) return this.#taker.onFlood();
    this.#taker.onRequest(head, reading?.body);
  }

  /** Counts what is ahead. @returns whether so much may wait */
  #mayWait(): boolean {
    const length = this.#ahead?.length ?? 0;
    // Of most requests nothing is, and nothing was.
    return length === this.#aheadShare.bytes || this.#aheadShare.set(length);
  }

  /** @param rest what has not been read of the bytes under way, which may be all that is ahead */
  #keepRest(rest: Buffer): void {
    this.#ahead?.drop(this.#ahead.length - rest.length);
    if (rest.length === 0) this.#ahead = undefined;
    else if (!this.#ahead) (this.#ahead = new GrowingBytes()).append(rest);
  }

  /** @returns what is behind the body, unless the taker goes on with that itself */
  #takeBody(reading: BodyReader, bytes: Buffer): Buffer {
    // They may be freed.
    const { length } = bytes;
    const end = this.#takePart(reading, bytes);
    reading.body.flush();
    const isSkipping = this.#state === "skipping";
    if (end < 0) {
      this.#unwantedBytes += length;
      if (isSkipping && this.#unwantedBytes > MAX_UNWANTED_BYTES) this.#taker.onSkipped(false);
      return NOTHING;
    }
    this.#reading = undefined;
    reading.body.end();
    this.#wire.resume();
    const rest = end < length ? bytes.subarray(end) : NOTHING;
    if (!isSkipping) return rest;
    if (rest.length > 0) (this.#ahead = new GrowingBytes()).append(rest);
    this.#taker.onSkipped(true);
    // It waits if the answer in front has not left.
    if (!this.#mayWait()) this.#taker.onFlood();
    return NOTHING;
  }

  /** @returns the position behind the body, or -1 if it goes on or has broken off */
  #takePart(reading: BodyReader, bytes: Buffer): number {
    try {
      return reading.take(bytes);
    } catch (error) {
      const isSkipping = this.#state === "skipping";
      this.close(new Failure("body_interrupted", { cause: error }));
      if (isSkipping) this.#taker.onFault(400);
      return -1;
    }
  }

  #refuse(status: HeadFault): void {
    this.#break();
    this.#taker.onFault(status);
  }

  #break(): void {
    this.#state = "broken";
    this.#aheadShare.set(0);
    this.#ahead = undefined;
  }

  // Of the body under way:

  pauseReading(isPaused: boolean): void {
    if (isPaused) this.#wire.pause();
    else this.#wire.resume();
  }

  wantBody(): void {
    if (!this.#awaitsContinue || !this.#reading) return;
    this.#awaitsContinue = false;
    this.#wire.write(CONTINUE);
  }
}
