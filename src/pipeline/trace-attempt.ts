import type { TraceStep } from "../core/request-trace.ts";
import type { WireRequest } from "../upstream/transport.ts";

/** What a client says of its own trace, which the gateway's steps are a part of now. */
const OF_CLIENT = ["traceparent", "tracestate", "baggage"] as const;

/** The request with the headers that make the provider go on with the step, in place of the client's. */
export function traced<Sent extends Pick<WireRequest, "headers">>(request: Sent, { headers: ownHeaders }: TraceStep) {
  return { ...request, headers: withoutTrace(request.headers), ownHeaders };
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
