import type { RequestObserver, RequestRecord } from "../../core/request-context.ts";
import type { OpenAttributes } from "../otlp/attributes.ts";
import { setText, setUsage } from "./attributes.ts";
import { CallStep } from "./call-step.ts";
import { firstTokenEvent, type RecordedStep } from "./request-steps.ts";
import { Trace } from "./trace.ts";
import { type Span, SPAN_KIND, spanFlags, STATUS_ERROR } from "./span.ts";

export interface TraceRequestsParts {
  readonly operationOf: (route: string) => string | undefined;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** Takes the spans of a request, those of its steps before its own. */
  readonly take: (spans: readonly Span[]) => void;
}

/** Hands on the spans of each sampled request when it is over. */
export function traceRequests({ operationOf, clock, take }: TraceRequestsParts): RequestObserver {
  return (request, finishedAt) => {
    const { trace } = request;
    if (!(trace instanceof Trace) || !trace.isSampled) return;
    const offset = clock() - finishedAt;
    const steps = trace.steps();
    for (const step of steps) step.ended();
    blameLast(request, steps);
    const spans = steps.map((step) => step.toSpan(offset));
    spans.push(requestSpan(request, trace, { offset, finishedAt, operation: operationOf(request.route) }));
    take(spans);
  };
}

/** What is wrong with an answer shows after its call is over, and is the fault of whoever gave it. */
function blameLast({ failure }: RequestRecord, steps: readonly RecordedStep[]): void {
  const last = steps.findLast((step) => step instanceof CallStep);
  if (last && failure?.startsWith("upstream_")) last.error ??= failure;
}

interface Finished {
  /** From the monotonic clock to the time of day. */
  readonly offset: number;
  readonly finishedAt: number;
  readonly operation: string | undefined;
}

function requestSpan(request: RequestRecord, trace: Trace, { offset, finishedAt, operation }: Finished): Span {
  const { startedAt, firstByteAt, streaming, status, outcome } = request;
  const { parent } = trace;
  const isError = status >= 500 || outcome === "cut";
  return {
    traceId: trace.id,
    spanId: trace.spanId,
    traceState: trace.state,
    parentSpanId: parent?.spanId,
    flags: spanFlags(parent !== undefined),
    name: `${request.method} ${request.route}`,
    kind: SPAN_KIND.server,
    startTimeUnixNano: offset + startedAt,
    endTimeUnixNano: offset + finishedAt,
    attributes: attributesOf(request, operation),
    events: streaming && firstByteAt !== undefined ? [firstTokenEvent(offset + firstByteAt)] : [],
    // A bad request is no error of the server. https://opentelemetry.io/docs/specs/semconv/http/http-spans/#status
    status: isError ? { code: STATUS_ERROR } : undefined,
  };
}

function attributesOf(request: RequestRecord, operation: string | undefined): OpenAttributes {
  const { principal, client, routing, status, usage, toolRounds, failure } = request;
  const attributes: OpenAttributes = {
    "http.request.method": request.method,
    "http.route": request.route,
    "inference_gateway.request.id": request.id,
    "inference_gateway.stream": request.streaming,
  };
  if (status > 0) attributes["http.response.status_code"] = status;
  setText(attributes, "inference_gateway.outcome", request.outcome);
  setText(attributes, "gen_ai.operation.name", operation);
  setText(attributes, "gen_ai.provider.name", request.provider);
  setText(attributes, "gen_ai.request.model", request.model);
  setText(attributes, "enduser.id", principal?.name);
  setText(attributes, "client.address", client?.address);
  setText(attributes, "user_agent.original", client?.userAgent);
  setText(attributes, "error.type", failure);
  setUsage(attributes, usage);
  if (routing) {
    setText(attributes, "inference_gateway.alias", routing.alias);
    attributes["inference_gateway.attempts"] = routing.tried.length;
    if (routing.queuedMs !== undefined) attributes["inference_gateway.queue.duration"] = routing.queuedMs / 1000;
  }
  if (toolRounds !== undefined) attributes["inference_gateway.tool_rounds"] = toolRounds;
  return attributes;
}
