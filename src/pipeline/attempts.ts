import type { Interruptible, RequestContext } from "../core/request-context.ts";
import type { Deadline, Deadlines } from "../core/deadlines.ts";
import { Failure, toFailure } from "../core/errors.ts";
import type { MemoryBudget } from "../core/memory/budget.ts";
import type { Timeouts } from "../core/timeouts.ts";
import type { Provider } from "../providers/provider.ts";
import type { OpenUpstreamCall, UpstreamCall } from "../upstream/call.ts";
import type { UpstreamResponse, WireRequest } from "../upstream/transport.ts";
import { Attempt } from "./attempt.ts";
import type { ClientConnections } from "./read-body.ts";
import { UNCOUNTED_BYTES } from "./read-response.ts";
import { readRequestTimeout, REQUEST_TIMEOUT_HEADER, requestTimeout } from "./request-timeout.ts";
import type { StreamedCall } from "./stream-listener.ts";

/** What attempts need from the rest of the gateway. */
export interface AttemptParts {
  readonly openCall: OpenUpstreamCall;
  readonly connections: Pick<ClientConnections, "suspendIdleTimeout" | "restoreIdleTimeout">;
  readonly memory: Pick<MemoryBudget, "tryHold">;
  readonly deadlines: Pick<Deadlines, "open" | "release">;
  /** Milliseconds of the monotonic clock. */
  readonly now: () => number;
}

/** What one attempt sends. */
export interface AttemptRequest extends Omit<WireRequest, "onSent"> {
  /** Bytes that the client's request goes on holding in the budget once a body of bytes is sent; 0 unless given. */
  readonly keptBytes?: number;
  /** See `usageInjected` of a `Reply`. */
  readonly usageInjected?: boolean;
  /** Of this attempt, in place of its provider's; made once and kept, see `joinTimeouts`. */
  readonly timeouts?: Timeouts | undefined;
}

/**
 * All that providers are asked for one request of a client, and the only place that calls one for it. Until it is
 * closed, whatever ends the request early ends the attempts that are open, and the client's connection may be silent.
 * `using` closes it on every exit, unless a stream that outlives the block has taken it over and closes it at its end.
 * It is also what the pump of a stream asks that is made of several attempts: such a stream has no deadline of its own but
 * the request's, each attempt has one. A class instead of closures: one instance for each request.
 */
export class Attempts implements Disposable, Interruptible, StreamedCall {
  readonly context: RequestContext;
  readonly request: Request;
  readonly #parts: AttemptParts;
  /** The attempts that are open are this one and those before it. */
  #last: Attempt | undefined;
  #reason: Failure | undefined;
  #listener: ((reason: Failure) => void) | undefined;
  #ending: AbortController | undefined;
  #until = Number.POSITIVE_INFINITY;
  #deadline: Deadline | undefined;
  #isHandedOver = false;
  #isClosed = false;

  /** @throws Failure if the client's wish for a total time cannot be read */
  constructor(parts: AttemptParts, context: RequestContext, request: Request) {
    this.#parts = parts;
    this.context = context;
    this.request = request;
    const wanted = request.headers.get(REQUEST_TIMEOUT_HEADER);
    const totalMs = wanted === null ? undefined : readRequestTimeout(wanted);
    parts.connections.suspendIdleTimeout(request);
    context.interruptibleBy(this);
    if (totalMs !== undefined) this.endWithin(totalMs, "X-Request-Timeout");
  }

  /** When the request must be over, in milliseconds of the monotonic clock; infinite if nothing says so. */
  get until(): number {
    return this.#until;
  }

  /**
   * Bounds the whole request, with all of its attempts and waits, and its stream: it then ends with `request_timeout`. The
   * shortest bound counts.
   * @param totalMs from the request's arrival
   * @param rule what says so, for the error: `X-Request-Timeout`, `timeouts.total of model fast`
   */
  endWithin(totalMs: number, rule: string): void {
    const { deadlines, now } = this.#parts;
    const until = this.context.startedAt + totalMs;
    if (until >= this.#until || this.#isClosed) return;
    this.#until = until;
    if (this.#deadline) deadlines.release(this.#deadline);
    const end = (): void => this.abort(requestTimeout(rule, this.context.provider));
    if (until <= now()) end();
    else this.#deadline = deadlines.open(until, end);
  }

  /**
   * Sends a request, and frees what its body held in the budget once it is sent. Wait at once for what comes of it.
   * Not `async`: such a function keeps its arguments, and with them the body, until it is over.
   */
  begin(provider: Provider, request: AttemptRequest): Attempt {
    const call = this.#parts.openCall(provider, this.request.signal, request.timeouts ?? provider.timeouts);
    while (this.#last?.isClosed) this.#last = this.#last.previous;
    const sending = this.#reason ? Promise.reject(this.#reason) : this.#send(call, request);
    const usageInjected = request.usageInjected ?? false;
    return (this.#last = new Attempt(this.context, provider, call, this.#last, sending, usageInjected));
  }

  /** A short body is not counted while a provider has it; a long one is until it is sent, its parsed value no more. */
  #send(call: UpstreamCall, request: AttemptRequest): Promise<UpstreamResponse> {
    const { body, keptBytes = 0 } = request;
    const length = body instanceof Uint8Array ? body.length : 0;
    const isLong = length > UNCOUNTED_BYTES;
    this.#parts.memory.tryHold(this.context, isLong ? keptBytes + length : keptBytes);
    return isLong ? this.#sendLong(call, request, keptBytes) : call.send(request);
  }

  /** Separate, because its closure would cost each short request an object. */
  #sendLong(call: UpstreamCall, request: AttemptRequest, keptBytes: number): Promise<UpstreamResponse> {
    const { memory } = this.#parts;
    const { context } = this;
    const free = (): void => void memory.tryHold(context, keptBytes);
    return call.send({ ...request, onSent: free }).finally(free);
  }

  /** Ends the attempts that are open and all else that waits for the request; the first reason counts. */
  abort(reason: Failure): void {
    if (this.#reason) return;
    this.#reason = reason;
    for (let attempt = this.#last; attempt; attempt = attempt.previous) attempt.call.abort(reason);
    this.#ending?.abort(reason);
    this.#listener?.(reason);
  }

  /** Called at most once, with the reason of the abort; replaces the listener of before. */
  onAbort(listener: (reason: Failure) => void): void {
    this.#listener = listener;
  }

  explain(error: unknown): Failure {
    return this.#reason ?? toFailure(error);
  }

  /** For whatever else the request waits for, such as tools: aborted with the {@link Failure} that ends the request. */
  signal(): AbortSignal {
    if (!this.#ending) {
      this.#ending = new AbortController();
      if (this.#reason) this.#ending.abort(this.#reason);
      // An open call hears of its client itself, and most requests wait for nothing else.
      this.request.signal.addEventListener("abort", this);
      if (this.request.signal.aborted) this.handleEvent();
    }
    return this.#ending.signal;
  }

  /** Hears that the client is gone. */
  handleEvent(): void {
    this.abort(new Failure("client_gone"));
  }

  readonly awaitsContent = false;
  contentBegan(): void {}
  becomeStream(): void {}
  touch(): void {}
  awaitClient(): void {}

  /** Whoever calls this closes it: the end of the block does not any more. */
  handOver(): void {
    this.#isHandedOver = true;
  }

  [Symbol.dispose](): void {
    if (!this.#isHandedOver) this.close();
  }

  /** Closes the attempts that are open, and lets go of the client's connection. A second call does nothing. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    if (this.#deadline) this.#parts.deadlines.release(this.#deadline);
    for (let attempt = this.#last; attempt; attempt = attempt.previous) attempt.close();
    if (this.#ending) this.request.signal.removeEventListener("abort", this);
    this.#parts.connections.restoreIdleTimeout(this.request);
  }
}
