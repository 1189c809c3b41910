import type { ClientRequest } from "../../core/client-request.ts";
import type { CallKind, Interruptible, RequestContext } from "../../core/request-context.ts";
import { Failure, toFailure } from "../../core/errors.ts";
import type { Timeouts } from "../../core/timeouts.ts";
import type { Provider } from "../../providers/provider.ts";
import { Attempt, sendWithin } from "./attempt.ts";
import type { AttemptParts, AttemptRequest, BranchEvents } from "./attempt-parts.ts";
import { ObservedCall } from "./observed-call.ts";
import { readRequestTimeout, REQUEST_TIMEOUT, RequestDeadline } from "../request-timeout.ts";
import type { StreamedCall } from "../stream-listener.ts";
import { traceCall } from "./trace-attempt.ts";

/**
 * All that providers are asked for one request, and the only place that calls one for it. Until it is closed, whatever ends
 * the request early ends the attempts that are open, and the client's connection may be silent. `using` closes it, unless
 * a stream has taken it over. It is also what the pump of a stream asks that is made of several attempts, of which each has a
 * deadline, and the stream only that of the request.
 */
export class Attempts implements Disposable, Interruptible, StreamedCall {
  readonly context: RequestContext;
  readonly request: ClientRequest;
  /** Who answers, if several providers could; of a branch, nobody. */
  answerer: Provider | undefined;
  isClosed = false;
  readonly #parts: AttemptParts;
  /** The attempts that are open are this one and those before it. */
  #last: Attempt | undefined;
  #reason: Failure | undefined;
  #listener: ((reason: Failure) => void) | undefined;
  #ending: AbortController | undefined;
  #isHandedOver = false;
  readonly #trunk: Attempts | undefined;
  /** Of each attempt, before its provider's; made once and kept (`joinTimeouts`). */
  timeouts: Timeouts | undefined;
  #deadline: RequestDeadline | undefined;
  #lastBranch: Attempts | undefined;
  #previousBranch: Attempts | undefined;
  #events: BranchEvents | undefined;
  #keptBytes = 0;
  #model: string | undefined; // Of this branch; undefined if it is that of the request.
  #kind: CallKind = "first";

  /** @throws Failure if the client says in no known way how long the request may take */
  constructor(parts: AttemptParts, context: RequestContext, request: ClientRequest, trunk?: Attempts) {
    this.#parts = parts;
    this.context = context;
    this.request = request;
    this.#trunk = trunk;
    if (trunk) {
      this.#reason = trunk.#reason;
      return;
    }
    const timeout = request.headers.get(REQUEST_TIMEOUT);
    const totalMs = timeout === null ? undefined : readRequestTimeout(timeout);
    parts.connections.suspendIdleTimeout(request);
    context.interruptibleBy(this);
    if (totalMs !== undefined) this.endWithin(totalMs, "X-Request-Timeout");
  }

  /** When the request must be over, in milliseconds of the monotonic clock; infinite if nothing says so. */
  get until(): number {
    return this.#trunk?.until ?? this.#deadline?.until ?? Number.POSITIVE_INFINITY;
  }

  /** Bounds the whole request, its stream included, see {@link RequestDeadline.shorten}. */
  endWithin(totalMs: number, rule: string): void {
    if (this.#trunk) return this.#trunk.endWithin(totalMs, rule);
    (this.#deadline ??= new RequestDeadline(this.#parts, this.context, this)).shorten(totalMs, rule);
  }

  /**
   * Attempts that belong together, such as those of one deployment. They end by themselves, or with all others.
   * @param timeouts of each, before its provider's; made once and kept (`joinTimeouts`); by default those of this branch
   * @param model the one that is called, in the provider's naming
   */
  branch(timeouts?: Timeouts | undefined, model?: string, kind: CallKind = "first"): Attempts {
    const branch = new Attempts(this.#parts, this.context, this.request, this);
    branch.timeouts = timeouts ?? this.timeouts;
    branch.#model = model;
    branch.#kind = kind;
    let last = this.#lastBranch;
    while (last && last.isClosed) last = last.#previousBranch;
    branch.#previousBranch = last;
    return (this.#lastBranch = branch);
  }

  /** Bytes that the request holds beside what an attempt needs, because another deployment may still be asked. */
  get keptBytes(): number {
    return this.#trunk ? this.#trunk.keptBytes : this.#keptBytes;
  }

  set keptBytes(bytes: number) {
    this.#keptBytes = bytes;
  }

  /** Replaces who hears of this branch. */
  listen(events: BranchEvents): void {
    this.#events = events;
  }

  /** What comes now must not be done again, such as a call of a tool: whatever becomes of it, nobody else is asked. */
  commit(): void {
    this.#events?.onCommit?.();
  }

  /**
   * Sends a request, and frees what its body held in the budget once it is sent. Wait at once for what comes of it.
   * Not `async`: such a function keeps its arguments, and with them the body, until it is over.
   */
  begin(provider: Provider, request: AttemptRequest): Attempt {
    const { calls, now, memory, openCall, keepContent } = this.#parts;
    const call = openCall(provider, this.request.signal, request.timeouts ?? this.timeouts ?? provider.timeouts);
    while (this.#last?.isClosed) this.#last = this.#last.previous;
    const { context } = this;
    const model = this.#model ?? context.model;
    const seen = calls || keepContent || context.trace ? { context, provider, model, kind: this.#kind } : undefined;
    const step = seen && traceCall(seen, request, keepContent);
    const sending = this.#reason
      ? Promise.reject(this.#reason)
      : sendWithin(memory, this, call, provider, request, step);
    const attempt = new Attempt(context, provider, call, this.#last, sending, request.usageInjected ?? false);
    if (seen) attempt.watch(step, calls && new ObservedCall(calls, seen, now));
    this.#kind = "step";
    return (this.#last = attempt);
  }

  /** Closes the attempts that were made without a branch: their answer is of no use, and whoever heard of it hears no more. */
  giveUp(failure: Failure): void {
    for (let attempt = this.#last; attempt; attempt = attempt.previous) attempt.close(failure);
    this.#last = this.#events = this.timeouts = undefined;
  }

  /** Ends the attempts that are open and all else that waits for the request; the first reason counts. */
  abort(reason: Failure): void {
    if (this.#reason) return;
    this.#reason = reason;
    for (let attempt = this.#last; attempt; attempt = attempt.previous) attempt.call.abort(reason);
    for (let branch = this.#lastBranch; branch; branch = branch.#previousBranch) branch.abort(reason);
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

  /** The answer is there as a whole: nothing is waited for any more. */
  settle(): void {
    for (let branch = this.#lastBranch; branch; branch = branch.#previousBranch) branch.settle();
    for (let attempt = this.#last; attempt; attempt = attempt.previous) attempt.settle();
  }

  /** Closes what is open and lets go of the client's connection; a second call does nothing. @param failure why the answer broke off, if it did */
  close(failure?: Failure): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.#deadline?.release();
    for (let branch = this.#lastBranch; branch; branch = branch.#previousBranch) branch.close(failure);
    this.#events?.onClose?.(failure);
    for (let attempt = this.#last; attempt; attempt = attempt.previous) attempt.close(failure ?? this.#reason);
    if (this.#ending) this.request.signal.removeEventListener("abort", this);
    if (!this.#trunk) this.#parts.connections.restoreIdleTimeout(this.request);
  }
}
