import { ClientAnswer } from "../../core/client-answer.ts";
import type { Deadline } from "../../core/deadlines.ts";
import { Failure } from "../../core/errors.ts";
import type { ConnectionListener } from "../../upstream/http1/connection.ts";
import { SocketConnection } from "../../upstream/http1/socket-connection.ts";
import { type AnswerOwner, AnswerWriter, wholeAnswerOf } from "./answer-writer.ts";
import type { ConnectionParts } from "./connection-parts.ts";
import type { IncomingBody } from "./incoming-body.ts";
import { type RequestConnection, ReceivedRequest } from "./received-request.ts";
import type { HeadFault, RequestHead } from "./request-head.ts";
import { RequestReader } from "./request-reader.ts";
import type { RequestTaker } from "./request-taker.ts";

/** For so long what a client still sends is read after its last answer: else the system would drop that answer. */
const LINGER_MS = 2000;
const FIRST_REQUEST_MS = 500; // So long the first request may be under way when the server stops.

/** In `lingering` nothing is answered any more, and what the client still sends is dropped. */
type State = "open" | "lingering" | "over";

/** One connection of a client. Its deadline is that of its silence. */
export class ClientConnection implements ConnectionListener, Deadline, RequestTaker, AnswerOwner, RequestConnection {
  expiresAt: number;
  previous: Deadline | undefined;
  next: Deadline | undefined;
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
  #isFresh = true; // None has come yet.

  constructor(parts: ConnectionParts) {
    this.#parts = parts;
    this.#reader = new RequestReader(this.wire, parts.maxHeadBytes, this);
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

  /** Ends it if no request has begun to come, or may be under way, and else after the answer to that. */
  leave(): void {
    if (!this.#isFinished || !this.wire.isDrained || this.#reader.hasBegun) return;
    if (this.#isFresh) this.mayBeSilent(FIRST_REQUEST_MS);
    else this.#end();
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
    this.#isFinished = this.#isFresh = false;
    this.#head = head;
    const request = (this.#request = new ReceivedRequest(head.method, urlOf(head), head.headers, this, body));
    try {
      const answering = serve(request);
      if (!(answering instanceof Promise)) return this.#answer(request, answering);
      answering.then(
        (response) => this.#answer(request, response),
        (error: unknown) => this.#answer(request, serveFault(error)),
      );
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
    const answer = response instanceof ClientAnswer ? response : undefined;
    // Its client may have left meanwhile.
    if (this.#request !== request || !head) return answer?.drop();
    if (!answer) return this.#answerWhole(request, response);
    const isLast = !head.keepAlive || this.#parts.isLeaving() || !this.#reader.canSkip;
    try {
      this.#writer.write(head, answer, isLast);
    } catch (error) {
      if (this.#request === request) this.#answerWhole(request, this.#parts.serveFault(error));
    }
  }

  #answerWhole(request: ReceivedRequest, response: Response): void {
    wholeAnswerOf(response).then(
      (answer) => this.#answer(request, answer),
      () => this.cut(),
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
