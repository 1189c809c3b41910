import { Failure } from "../../core/errors.ts";
import type { ResponseHead } from "./response-head.ts";
import { ResponseParser } from "./response-parser.ts";
import type { Connection, ConnectionListener } from "./connection.ts";
import { decodeResponse } from "../decode-response.ts";
import type { Origin } from "./origin.ts";
import { PieceList } from "../piece-list.ts";
import { parseKeepAlive } from "./connection-pool.ts";
import type { WriteRequest } from "./request-head.ts";
import type { UpstreamResponse, ResponseBody, BodyConsumer, PendingResponse, WireRequest } from "../transport.ts";
import { writeUpload } from "./upload.ts";
import { errorCodeOf, UpstreamError, type UpstreamFault, type UpstreamPhase } from "../errors.ts";
import { WireError } from "./wire-error.ts";

/** This much of a body may arrive before anyone takes it; then the server has to wait. */
const MAX_EARLY_BYTES = 256 * 1024;

/** A body up to this size goes out in one write with its head; copying a longer one costs more than a second write. */
const ONE_WRITE_BYTES = 32 * 1024;

/** Methods that need not say that they bring no body. https://www.rfc-editor.org/rfc/rfc9110#section-8.6 */
const BODILESS: ReadonlySet<string> = new Set(["GET", "HEAD", "DELETE", "OPTIONS"]);

const NOTHING = new Uint8Array(0);

/** The server that a request goes to. */
export interface ExchangeServer {
  readonly origin: Origin;
  readonly write: WriteRequest;
}

/**
 * Carries one request and its answer on a connection that carries nothing else meanwhile.
 * @param onDone called once, when the connection has no more to do with the request: whether it may carry another.
 * @param sendAgain sends the request on another connection, if this one proves useless before any of the
 * request has left; not called for a request whose body is a stream.
 */
export function startExchange(
  connection: Connection,
  server: ExchangeServer,
  request: WireRequest,
  onDone: (connection: Connection, reusable: boolean) => void,
  sendAgain?: () => PendingResponse,
): PendingResponse {
  const exchange = new Http1Exchange(connection, server.origin, request, onDone, sendAgain);
  connection.listener = exchange;
  try {
    exchange.begin(server.write, request);
  } catch (error) {
    exchange.refuse(error);
  }
  return exchange;
}

/** A class instead of closures: one instance for each request, whose methods are not made anew. */
class Http1Exchange implements PendingResponse, ResponseBody, ConnectionListener {
  readonly response: Promise<UpstreamResponse>;
  readonly #connection: Connection;
  readonly #keepEncoding: boolean;
  readonly #onDone: (connection: Connection, reusable: boolean) => void;
  readonly #parser: ResponseParser;
  #resolve: ((answer: UpstreamResponse) => void) | undefined;
  #reject: ((reason: unknown) => void) | undefined;
  #head: ResponseHead | undefined;
  #sink: BodyConsumer | undefined;
  #early: PieceList | undefined;
  #isHeldBack = false;
  /** Some of a body that is no stream has not left. */
  #isSending = false;
  #hasBodyBegun = false;
  #isOver = false;
  #failure: { readonly error: unknown } | undefined;
  /** The request's body, while it is on its way. */
  #upload: ReadableStreamDefaultReader<Uint8Array> | undefined;
  #whenDrained: (() => void) | undefined;
  /** Until the request has left. */
  #sendAgain: (() => PendingResponse) | undefined;
  /** The request, on the connection that it was sent on instead. */
  #moved: PendingResponse | undefined;

  constructor(
    connection: Connection,
    origin: Origin,
    request: WireRequest,
    onDone: (connection: Connection, reusable: boolean) => void,
    sendAgain?: () => PendingResponse,
  ) {
    this.#connection = connection;
    this.#keepEncoding = request.keepEncoding === true;
    this.#onDone = onDone;
    this.#sendAgain = sendAgain;
    this.#parser = new ResponseParser(request.method, this, origin.secure);
    this.response = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  /** Writes the request, keeping nothing of it: its answer may take minutes. Throws if it cannot be written as one. */
  begin(write: WriteRequest, request: WireRequest): void {
    const connection = this.#connection;
    const { body, method } = request;
    this.#isSending = true;
    if (body === null) {
      connection.writeTogether(write(request, BODILESS.has(method) ? null : 0, NOTHING));
      return;
    }
    if (body instanceof Uint8Array) {
      if (body.length <= ONE_WRITE_BYTES) {
        connection.writeTogether(write(request, body.length, body));
      } else {
        this.#sendAgain = undefined;
        connection.write(write(request, body.length, NOTHING));
        if (connection.write(body)) {
          this.#isSending = false;
          request.onSent?.();
        } else this.#whenDrained = request.onSent;
      }
      return;
    }
    this.#sendAgain = undefined;
    const length = announcedLength(request.headers);
    connection.writeTogether(write(request, length, NOTHING));
    const reader = body.getReader() as ReadableStreamDefaultReader<Uint8Array>;
    this.#upload = reader;
    writeUpload(reader, length, { write: (bytes) => this.#write(bytes) }).then(
      () => (this.#upload = undefined),
      (error: unknown) => this.#fail(error, true, "upload"),
    );
  }

  /** What was to be sent cannot be: nothing of it has been. */
  refuse(error: unknown): void {
    this.#fail(error, false, "unreachable");
  }

  abort(error: unknown): void {
    if (this.#moved) return this.#moved.abort(error);
    if (this.#isOver) return;
    this.#failure = { error };
    this.#leave(false);
    if (this.#reject) return this.#reject(error);
    const consumer = this.#sink;
    this.#sink = undefined;
    consumer?.fail(error);
  }

  // As a listener of its connection:

  data(bytes: Buffer): void {
    let ended: boolean;
    try {
      ended = this.#parser.push(bytes);
    } catch (error) {
      // What is no answer at all belongs to the request before, and so may what comes next.
      const isUnrequested = !this.#head && this.#connection.wasUsed;
      if (isUnrequested) this.#connection.isSuspect = true;
      return this.#fail(isUnrequested ? new WireError("HTTP_UNREQUESTED_BYTES") : error, true);
    }
    if (!this.#head || this.#isOver) return;
    this.#sink?.flush();
    if (ended) this.#finish();
    else if (!this.#sink && this.#early && this.#early.length > MAX_EARLY_BYTES) this.#holdBack();
    this.#answerOnce(this.#head);
  }

  drained(): void {
    this.#sendAgain = undefined;
    this.#isSending = false;
    const drained = this.#whenDrained;
    this.#whenDrained = undefined;
    drained?.();
  }

  closed(error: unknown, isUnsent: boolean): void {
    if (isUnsent && this.#sendAgain) return this.#move(this.#sendAgain());
    if (error !== undefined) return this.#fail(error, !isUnsent);
    try {
      this.#parser.finish();
    } catch (unfinished) {
      return this.#fail(unfinished, !isUnsent);
    }
    this.#finish();
  }

  // What the parser finds:

  onHead(head: ResponseHead): void {
    this.#head = head;
  }

  onData(bytes: Uint8Array): void {
    this.#hasBodyBegun = true;
    if (this.#sink) return this.#sink.write(bytes);
    if (this.#isOver) return;
    this.#early ??= new PieceList();
    this.#early.push(bytes);
  }

  // As the answer's body:

  get whole(): Uint8Array | undefined {
    if (!this.#isOver || this.#failure || this.#sink) return undefined;
    if (!this.#early) return NOTHING;
    const pieces = this.#early.pieces();
    return pieces.length === 1 ? pieces[0] : Buffer.concat(pieces);
  }

  consume(consumer: BodyConsumer): void {
    this.#sink = consumer;
    // First, because the consumer may ask it to wait again.
    if (this.#isHeldBack) this.resume();
    const early = this.#early?.pieces();
    this.#early = undefined;
    // With each piece it may have enough, and is then another's or nobody's.
    for (const bytes of early ?? []) if (this.#sink === consumer) consumer.write(bytes);
    if (early && this.#sink === consumer) consumer.flush();
    if (this.#sink !== consumer) return;
    if (this.#failure) consumer.fail(this.#failure.error);
    else if (this.#isOver) consumer.end();
  }

  pause(): void {
    if (!this.#isOver) this.#connection.pause();
  }

  resume(): void {
    if (!this.#isOver) this.#connection.resume();
  }

  cancel(): void {
    this.#sink = undefined;
    this.#early = undefined;
    if (!this.#isOver) this.#leave(false);
  }

  /**
   * Ends with an error that is not of who waits for the answer, and with it how far the exchange had come.
   * @param fault if it is none of the bytes that came or were to go
   */
  #fail(error: unknown, requestSent: boolean, fault: UpstreamFault = "reset"): void {
    // What a body that is sent as it comes in broke off with is the failure of whoever it comes from.
    if (error instanceof Failure) return this.abort(error);
    const facts = { code: errorCodeOf(error), phase: this.#phase(), requestSent };
    this.abort(new UpstreamError(error instanceof WireError ? error.fault : fault, facts));
  }

  #phase(): UpstreamPhase {
    if (this.#head) return this.#hasBodyBegun ? "body" : "first-token";
    return this.#upload || this.#isSending ? "send" : "header";
  }

  #holdBack(): void {
    this.#isHeldBack = true;
    this.#connection.pause();
  }

  /** Leaves a connection that has ended before anything was sent on it, for another one. */
  #move(sending: PendingResponse): void {
    this.#isOver = true;
    this.#moved = sending;
    sending.response.then(this.#resolve, this.#reject);
    this.#onDone(this.#connection, false);
  }

  #write(bytes: Uint8Array): Promise<void> | undefined {
    if (this.#isOver || this.#connection.write(bytes)) return undefined;
    return new Promise((drained) => (this.#whenDrained = drained));
  }

  #answerOnce({ status, headers, framing }: ResponseHead): void {
    if (!this.#resolve) return;
    const plain: UpstreamResponse = { status, headers, body: framing.kind === "none" ? null : this };
    try {
      this.#resolve(this.#keepEncoding ? plain : decodeResponse(plain));
    } catch (error) {
      this.#reject?.(error);
    }
    this.#resolve = undefined;
    this.#reject = undefined;
  }

  #finish(): void {
    // Its consumer may have had enough at the last moment.
    if (this.#isOver) return;
    // An answer that is over before the request leaves the rest of it on the connection; what came behind an answer would
    // be taken for the next one.
    const isClean = !this.#upload && this.#connection.isDrained && !this.#parser.hasExcess;
    if (this.#parser.hasExcess) this.#connection.isSuspect = true;
    const head = isClean && this.#head?.keepAlive ? this.#head : undefined;
    if (head) this.#connection.keptMs = parseKeepAlive(head.headers);
    this.#leave(head !== undefined);
    this.#sink?.end();
  }

  #leave(reusable: boolean): void {
    this.#isOver = true;
    this.#connection.listener = undefined;
    void this.#upload?.cancel().catch(() => {});
    this.#whenDrained?.();
    // Its consumer may have asked it to wait for more.
    if (reusable) this.#connection.resume();
    else this.#connection.close();
    this.#onDone(this.#connection, reusable);
  }
}

function announcedLength(headers: WireRequest["headers"]): number | undefined {
  const announced = headers instanceof Headers ? headers.get("content-length") : (headers["content-length"] ?? null);
  return announced === null ? undefined : Number(announced);
}
