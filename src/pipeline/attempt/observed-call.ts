import type { Failure, FailureCode } from "../../core/errors.ts";
import type { CallKind, CallObserver, CallRecord, RequestContext } from "../../core/request-context.ts";
import type { SeenCall } from "./trace-attempt.ts";

/** A call of which somebody wants to know how it ends. Until then the request waits for it. */
export class ObservedCall implements CallRecord {
  readonly context: RequestContext;
  readonly provider: { readonly id: string };
  readonly model: string | undefined;
  readonly kind: CallKind;
  readonly startedAt: number;
  status: number | undefined = undefined;
  failure: FailureCode | undefined = undefined;
  readonly #observer: CallObserver;
  readonly #now: () => number;
  #isOver = false;

  /** @param now milliseconds of the monotonic clock */
  constructor(observer: CallObserver, { context, provider, model, kind }: SeenCall, now: () => number) {
    this.context = context;
    this.provider = provider;
    this.model = model;
    this.kind = kind;
    this.startedAt = now();
    this.#observer = observer;
    this.#now = now;
    context.waits(this.startedAt);
    observer.began();
  }

  /**
   * Its answer is over: what is left to do with it is the gateway's own work. A second call does nothing.
   * @param failure why it is of no use, if that is so
   */
  end(failure: Failure | undefined): void {
    if (this.#isOver) return;
    this.#isOver = true;
    // An error that came with a good status, or in a stream, is the request's.
    this.failure = failure?.code ?? ((this.status ?? 0) >= 400 ? "provider_error" : this.context.failure);
    const endedAt = this.#now();
    this.context.waited(endedAt);
    this.#observer.ended(this, endedAt);
  }
}
