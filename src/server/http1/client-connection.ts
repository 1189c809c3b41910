import { ClientAnswer, toClientAnswer } from "../../core/client-answer.ts";
import type { Deadline } from "../../core/deadlines.ts";
import { Failure } from "../../core/errors.ts";
import type { ConnectionListener } from "../../upstream/http1/connection.ts";
import { SocketConnection } from "../../upstream/http1/socket-connection.ts";
import { type AnswerOwner, AnswerWriter } from "./answer-writer.ts";
import type { ConnectionParts } from "./connection-parts.ts";
import type { IncomingBody } from "./incoming-body.ts";
import { type RequestConnection, ReceivedRequest } from "./received-request.ts";
import type { HeadFault, RequestHead } from "./request-head.ts";
import { RequestReader } from "./request-reader.ts";
import type { RequestTaker } from "./request-taker.ts";

/** For so long what a client still sends is read after its last answer: else the system would drop that answer. */
const LINGER_MS = 2000;

type State = "open" | "lingering" | "over"; // In `lingering` nothing is answered any more, and what still comes is dropped.

/** One connection of a client. Its deadline is that of its silence. */
export class ClientConnection implements ConnectionListener, Deadline, RequestTaker, AnswerOwner, RequestConnection {
  expiresAt: number;
  previous: Deadline | undefined;
  next: Deadline | undefined;
  /** Until then its first request is waited for, also if the server stops; 0 once that is there. */
  firstUntil = 0;
  /** Whoever opens the socket says what happens on it. */
  readonly wire = new SocketConnection(true);
  readonly #parts: ConnectionParts;
  readonly #reader: RequestReader;
  readonly #writer: AnswerWriter;
  #state: State = "open";
  #head: RequestHead | undefined;
  #request: ReceivedRequest | undefined; // The one in front, until it is answered.
  #isLast = false; // It is the last one.
  #isFinished = true; // It is answered, and its body over.

  constructor(parts: ConnectionParts) {
    this.#parts = parts;
    this.#reader = new RequestReader(this.wire, parts, this);
    this.#writer = new AnswerWriter(this.wire, parts, this);
    this.expiresAt = parts.now() + parts.idleMs;
    this.wire.listener = this;
    parts.deadlines.add(this);
  }

  get address(): string | undefined {
    return this.wire.remoteAddress;
  }

  mayBeSilent(milliseconds: number): void {
    if (this.#state === "open") this.#parts.deadlines.move(this, this.#parts.now() + milliseconds);
  }

  /** It has been silent for too long. */
  onExpire(): void {
    if (this.#state === "lingering") {
      this.wire.release();
      this.closed();
    } else if (this.#isFinished && this.wire.isDrained) this.#end();
    else this.cut();
  }

  /** Ends it if no request has begun to come, and else after the answer to that. */
  leave(): void {
    if (this.#isFinished && this.wire.isDrained && !this.#reader.hasBegun) this.#end();
  }

  /** Ends it at once. */
  cut(): void {
    this.wire.close();
    this.closed();
  }

  // Of its socket:

  data(bytes: Buffer): void {
    if (this.#state === "open") this.#reader.take(bytes);
  }

  progressed(): void {
    if (this.#isFinished && this.#state === "open") this.#renew();
  }

  drained(): void {
    this.#writer.drained();
    if (this.#isFinished) this.#goOn();
  }

  /** The client sends nothing more: it has left, unless its answer is written, of which it gets what has not left yet. */
  halfClosed(): void {
    if (this.#state !== "open" || this.#request || this.wire.isDrained) return this.wire.ended(undefined);
    this.#isLast = this.#isFinished = true;
    this.#reader.close(new Failure("client_gone"));
  }

  closed(): void {
    if (this.#state === "over") return;
    const wasOpen = this.#state === "open";
    this.#state = "over";
    this.#parts.deadlines.release(this);
    const request = this.#request;
    this.#request = undefined;
    request?.leave();
    this.#writer.close();
    this.#reader.close(new Failure("client_gone"));
    if (wasOpen) this.#parts.onEnd(this);
  }

  // Of what is read:

  onRequest(head: RequestHead, body: IncomingBody | undefined): void {
    const { urlOf, serve, serveFault } = this.#parts;
    this.#renew();
    this.#isFinished = false;
    this.firstUntil = 0;
    this.#head = head;
    const request = (this.#request = new ReceivedRequest(head.method, urlOf(head), head.headers, this, body));
    try {
      const answering = serve(request);
      if (answering instanceof Promise) this.#answerLater(request, answering);
      else this.#answer(request, answering);
    } catch (error) {
      this.#answer(request, serveFault(error));
    }
  }

  onFault(status: HeadFault): void {
    this.#isLast = this.#isFinished = true;
    this.#writer.refuse(status);
  }

  readonly onFlood = (): void => this.cut();

  onSkipped(isWhole: boolean): void {
    this.#isFinished = true;
    if (!isWhole) this.#isLast = true;
    this.#goOn();
  }

  // Of what is written:

  onAnswered(isLast: boolean): void {
    this.#request = this.#head = undefined;
    this.#renew();
    this.#isLast = isLast;
    this.#isFinished = isLast || this.#reader.finish();
    if (this.#isFinished) this.#goOn();
  }

  onBroken(isVisible: boolean): void {
    this.#request = undefined;
    this.#isLast = this.#isFinished = true;
    if (isVisible) this.#goOn();
    else this.cut();
  }

  #answer(request: ReceivedRequest, response: Response): void {
    const head = this.#head;
    // Its client may have left meanwhile.
    if (this.#request !== request || !head) return response instanceof ClientAnswer ? response.drop() : undefined;
    if (!(response instanceof ClientAnswer)) return this.#answerLater(request, toClientAnswer(response));
    try {
      this.#writer.write(head, response, !head.keepAlive || this.#parts.isLeaving() || !this.#reader.canSkip);
    } catch (error) {
      if (this.#request === request) this.#answer(request, this.#parts.serveFault(error));
    }
  }

  #answerLater(request: ReceivedRequest, answering: Promise<Response>): void {
    answering.then(
      (response) => this.#answer(request, response),
      (error: unknown) => this.#answer(request, this.#parts.serveFault(error)),
    );
  }

  /** A deadline may be made later freely, and not earlier. */
  #renew(): void {
    const at = this.#parts.now() + this.#parts.idleMs;
    if (this.expiresAt > at) this.#parts.deadlines.move(this, at);
    else this.expiresAt = at;
  }

  /** With the next request, or to the end, once all is written and has left. */
  #goOn(): void {
    if (this.#state !== "open" || !this.wire.isDrained) return;
    if (this.#isLast || (this.#parts.isLeaving() && !this.#reader.hasBegun)) this.#end();
    else this.#reader.next();
  }

  /** Says that nothing more is answered, and reads on for a while. */
  #end(): void {
    if (this.#state !== "open") return;
    this.#state = "lingering";
    this.#reader.close(new Failure("client_gone"));
    this.#parts.deadlines.move(this, this.#parts.now() + LINGER_MS);
    this.wire.resume();
    this.wire.finish();
    this.#parts.onEnd(this);
  }
}
