import type { TraceStep } from "../core/request-trace.ts";
import { redactionOf } from "../core/redact/redact.ts";
import { type Provider, secretsOf } from "../providers/provider.ts";
import type { BodyConsumer, ResponseBody, UpstreamResponse, WireRequest } from "../upstream/transport.ts";

/** What a client says of its own trace, which the gateway's steps are a part of now. */
const OF_CLIENT = ["traceparent", "tracestate", "baggage"] as const;

/** The request with the headers that make the provider go on with the step, in place of the client's. */
export function traced<Sent extends Pick<WireRequest, "headers" | "body">>(
  request: Sent,
  step: TraceStep,
  provider: Provider,
) {
  const { body } = request;
  if (step.keepsContent && body instanceof Uint8Array) step.asked(body, redactionOf(secretsOf(provider)));
  return { ...request, headers: withoutTrace(request.headers), ownHeaders: step.headers };
}

/** The answer to an attempt, whose step is told of it. */
export function watched(response: UpstreamResponse, step: TraceStep): UpstreamResponse {
  const { status, headers, body } = response;
  step.responded(status);
  if (!step.watchesBody || !body) return response;
  return { status, headers, body: new WatchedBody(body, step) };
}

/** A body whose bytes a step sees when they are taken. */
class WatchedBody implements ResponseBody {
  readonly #body: ResponseBody;
  readonly #step: TraceStep;
  #isSeen = false;

  constructor(body: ResponseBody, step: TraceStep) {
    this.#body = body;
    this.#step = step;
  }

  get whole(): Uint8Array | undefined {
    const { whole } = this.#body;
    if (whole && !this.#isSeen) {
      this.#isSeen = true;
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
    this.#body.consume({
      write: (bytes) => {
        if (!isSeen) this.#step.bodyCame(bytes);
        consumer.write(bytes);
      },
      flush: () => consumer.flush(),
      end: () => consumer.end(),
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
    this.#body.cancel();
  }
}

/** The same object if there is nothing to leave out, because what is written of it is kept. */
function withoutTrace(headers: WireRequest["headers"]): WireRequest["headers"] {
  if (headers instanceof Headers) {
    const left = new Headers(headers);
    for (const name of OF_CLIENT) left.delete(name);
    return left;
  }
  if (!OF_CLIENT.some((name) => headers[name] !== undefined)) return headers;
  const { traceparent: _, tracestate: __, baggage: ___, ...left } = headers;
  return left;
}
