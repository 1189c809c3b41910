import type { HeaderLines } from "../../core/header-lines.ts";
import { applyEdits } from "../../core/json/edit.ts";
import type { CallKind, RequestContext } from "../../core/request-context.ts";
import type { KeepContent, TraceStep } from "../../core/request-trace.ts";
import { redactionOf } from "../../core/redact/redact.ts";
import { type Provider, secretsOf } from "../../providers/provider.ts";
import type { BodyConsumer, ResponseBody, UpstreamResponse } from "../../upstream/transport.ts";
import type { AttemptRequest } from "./attempt-parts.ts";

/** A call of a provider that somebody looks at. */
export interface SeenCall {
  readonly context: RequestContext;
  readonly provider: Provider;
  /** In the provider's naming; undefined if the request names none. */
  readonly model: string | undefined;
  readonly kind: CallKind;
}

/**
 * Has the provider go on with the trace of a request, if it has one.
 * @returns what is to be told of the call; undefined if nothing is
 */
export function traceCall(
  { context, provider, model, kind }: SeenCall,
  request: AttemptRequest,
  keepContent: KeepContent | undefined,
): TraceStep | undefined {
  const { trace } = context;
  if (trace) goOnWith(request, trace.nextHeaders());
  const step = trace?.isRecorded
    ? trace.call(context, { kind, provider: provider.id, model, url: request.url })
    : undefined;
  return keepContent && !request.keepEncoding ? keepContent(context, step) : step;
}

/** Tells a step that keeps content what is asked. */
export function tellAsked({ body }: AttemptRequest, step: TraceStep, provider: Provider): void {
  const asked = applyEdits(body);
  if (asked instanceof Uint8Array) step.asked(asked, redactionOf(secretsOf(provider)));
}

/**
 * Gives a request the headers of a trace in place of the client's. It is changed, because a copy of each would cost more
 * than all else that a trace does for it.
 */
function goOnWith(request: AttemptRequest, lines: HeaderLines): void {
  const { headers } = request;
  if (headers instanceof Headers) request.headers = withoutNames(headers);
  else if ("traceparent" in headers || "tracestate" in headers || "baggage" in headers) {
    const { traceparent: _, tracestate: __, baggage: ___, ...left } = headers;
    request.headers = left;
  }
  request.ownHeaders = lines;
}

function withoutNames(headers: Headers): Headers {
  const left = new Headers(headers);
  for (const name of ["traceparent", "tracestate", "baggage"]) left.delete(name);
  return left;
}

/**
 * The answer to an attempt, whose step is told of it. A body that has come as a whole stays what it is: if another kind of
 * object took its place in some of the answers, all code that takes bodies would be compiled again, and for both.
 */
export function watched(response: UpstreamResponse, step: TraceStep): UpstreamResponse {
  const { status, body } = response;
  const whole = body?.whole;
  step.responded(status, whole);
  if (whole || !body || !step.watchesBody) return response;
  return { status, headers: response.headers, body: new WatchedBody(body, step) };
}

/** Tells the step of an answer, if all of it was not taken, that the rest is not either. */
export function leaveRest({ body }: UpstreamResponse): void {
  if (body instanceof WatchedBody) body.leave();
}

/** A body whose bytes a step sees when they are taken. */
class WatchedBody implements ResponseBody {
  readonly #body: ResponseBody;
  readonly #step: TraceStep;
  #isSeen = false;
  /** The step was told all that it is to be told. */
  #isOver = false;

  constructor(body: ResponseBody, step: TraceStep) {
    this.#body = body;
    this.#step = step;
  }

  get whole(): Uint8Array | undefined {
    const { whole } = this.#body;
    if (whole && !this.#isSeen) {
      this.#isSeen = this.#isOver = true;
      this.#step.bodyCame(whole);
    }
    return whole;
  }

  get keptBytes(): number {
    return this.#body.keptBytes;
  }

  keepUntil(isEnough: (length: number, piece: Uint8Array) => boolean): Promise<boolean> {
    return this.#body.keepUntil(isEnough);
  }

  consume(consumer: BodyConsumer): void {
    const isSeen = this.#isSeen;
    this.#isSeen = true;
    this.#body.consume({
      write: (bytes) => {
        if (!isSeen) this.#step.bodyCame(bytes);
        consumer.write(bytes);
      },
      flush: () => consumer.flush(),
      end: () => {
        this.#isOver = true;
        consumer.end();
      },
      fail: (error) => consumer.fail(error),
    });
  }

  pause(): void {
    this.#body.pause();
  }

  resume(): void {
    this.#body.resume();
  }

  cancel(): void {
    this.leave();
    this.#body.cancel();
  }

  /** Nobody takes more of it. */
  leave(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const { keptBytes } = this.#body;
    const pieces: Uint8Array[] = [];
    const keep = (length: number, piece: Uint8Array): boolean => {
      pieces.push(piece);
      return length >= keptBytes;
    };
    // It has them all at hand.
    if (!this.#isSeen && keptBytes > 0) void this.#body.keepUntil(keep);
    this.#step.bodyLeft?.(pieces);
  }
}
