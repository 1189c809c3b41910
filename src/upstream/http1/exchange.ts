import { errorWordOf } from "../../core/error-code.ts";
import { Failure } from "../../core/errors.ts";
import { parseKeepAlive, type ResponseHead } from "./response-head.ts";
import { ResponseParser } from "./response-parser.ts";
import type { Connection, ConnectionListener } from "./connection.ts";
import { decodeResponse } from "../decode-response.ts";
import { Body } from "../response-body.ts";
import type { UpstreamResponse, PendingResponse, WireRequest } from "../transport.ts";
import type { Upload, UploadOwner } from "./upload.ts";
import { type ExchangeServer, sendRequest } from "./write-request.ts";
import { UpstreamError, type UpstreamFault, type UpstreamPhase } from "../errors.ts";
import { WireError } from "./wire-error.ts";

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
  return new Http1Exchange(connection, server, request, onDone, sendAgain);
}

/** Its own answer's body. A class instead of closures: one instance for each request, whose methods are not made anew. */
class Http1Exchange extends Body implements PendingResponse, ConnectionListener, UploadOwner {
  readonly response: Promise<UpstreamResponse>;
  readonly #connection: Connection;
  readonly #keepEncoding: boolean;
  readonly #onDone: (connection: Connection, reusable: boolean) => void;
  readonly #parser: ResponseParser;
  #resolve: ((answer: UpstreamResponse) => void) | undefined;
  #reject: ((reason: unknown) => void) | undefined;
  #head: ResponseHead | undefined;
  /** Some of a request whose body is no stream has not left. */
  #isSending = false;
  #upload: Upload | undefined;
  /** Until the request has left. */
  #sendAgain: (() => PendingResponse) | undefined;
  /** The request, on the connection that it was sent on instead. */
  #moved: PendingResponse | undefined;

  constructor(
    connection: Connection,
    server: ExchangeServer,
    request: WireRequest,
    onDone: (connection: Connection, reusable: boolean) => void,
    sendAgain?: () => PendingResponse,
  ) {
    super();
    this.#connection = connection;
    this.#keepEncoding = request.keepEncoding === true;
    this.#onDone = onDone;
    this.#sendAgain = sendAgain;
    this.#parser = new ResponseParser(request.method, this, server.origin.secure);
    this.response = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    connection.listener = this;
    this.#send(server, request);
  }

  /** Writes the request, keeping nothing of it: its answer may take minutes. */
  #send({ write }: ExchangeServer, request: WireRequest): void {
    this.#isSending = true;
    try {
      this.#upload = sendRequest(this.#connection, write, request, this);
    } catch (error) {
      // Nothing of what cannot be written has been.
      return this.#fail(error, false, "unreachable");
    }
    if (this.#upload) this.#sendAgain = undefined;
    this.#isSending = !this.#connection.isDrained;
  }

  abort(error: unknown): void {
    if (this.#moved) return this.#moved.abort(error);
    if (!this.isOpen) return;
    this.#leave(false);
    this.#reject?.(error);
    this.fail(error);
  }

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
    if (!this.#head || !this.isOpen) return;
    // What came with its end leaves with that, in one write.
    if (ended) this.#finish();
    else this.flush();
    if (this.#resolve) this.#answer(this.#head);
  }

  drained(): void {
    this.#sendAgain = undefined;
    this.#isSending = false;
    this.#upload?.drained();
  }

  uploadFailed(error: unknown): void {
    this.#fail(error, true, "upload");
  }

  closed(error: unknown, isUnsent: boolean): void {
    if (isUnsent && this.#sendAgain) return this.#move(this.#sendAgain());
    try {
      if (error !== undefined) throw error;
      this.#parser.finish();
    } catch (broken) {
      return this.#fail(broken, !isUnsent);
    }
    this.#finish();
  }

  onHead(head: ResponseHead): void {
    this.#head = head;
  }

  onData(bytes: Uint8Array): void {
    this.write(bytes);
  }

  protected override pauseSource(isPaused: boolean): void {
    if (isPaused) this.#connection.pause();
    else this.#connection.resume();
  }

  protected override dropSource(): void {
    this.#leave(false);
  }

  /**
   * Ends with an error that is not of who waits for the answer, and with it how far the exchange had come.
   * @param fault if it is none of the bytes that came or were to go
   */
  #fail(error: unknown, requestSent: boolean, fault: UpstreamFault = "reset"): void {
    // What a body that is sent as it comes in broke off with is the failure of whoever it comes from.
    if (error instanceof Failure) return this.abort(error);
    const facts = { code: errorWordOf(error), phase: this.#phase(), requestSent };
    this.abort(new UpstreamError(error instanceof WireError ? error.fault : fault, facts));
  }

  #phase(): UpstreamPhase {
    if (this.#head) return this.hasBegun ? "body" : "first-token";
    return this.#upload?.isComing || this.#isSending ? "send" : "header";
  }

  /** Leaves a connection that has ended before anything was sent on it, for another one. */
  #move(sending: PendingResponse): void {
    this.#moved = sending;
    sending.response.then(this.#resolve, this.#reject);
    this.#onDone(this.#connection, false);
  }

  #answer({ status, headers, framing }: ResponseHead): void {
    const plain: UpstreamResponse = { status, headers, body: framing.kind === "none" ? null : this };
    try {
      const isPlain = this.#keepEncoding || headers.get("content-encoding") === null;
      this.#resolve?.(isPlain ? plain : decodeResponse(plain));
    } catch (error) {
      this.#reject?.(error);
    }
    this.#resolve = this.#reject = undefined;
  }

  #finish(): void {
    // Its consumer may have had enough at the last moment.
    if (!this.isOpen) return;
    // An answer that is over before the request leaves the rest of it on the connection; what came behind an answer would
    // be taken for the next one.
    const isClean = !this.#upload?.isComing && this.#connection.isDrained && !this.#parser.hasExcess;
    if (this.#parser.hasExcess) this.#connection.isSuspect = true;
    const head = isClean && this.#head?.keepAlive ? this.#head : undefined;
    if (head) this.#connection.keptMs = parseKeepAlive(head.headers);
    this.#leave(head !== undefined);
    this.end();
  }

  #leave(reusable: boolean): void {
    this.#connection.listener = undefined;
    this.#upload?.cancel();
    // Its consumer may have asked it to wait for more.
    if (reusable) this.#connection.resume();
    else this.#connection.close();
    this.#onDone(this.#connection, reusable);
  }
}
