import type { RequestObserver } from "../../core/request-context.ts";
import type { BeginTrace } from "../../core/request-trace.ts";
import type { Otlp, SignalBody } from "../otlp/open-otlp.ts";
import { EXPORT_TRACES } from "../otlp/messages.ts";
import { createBeginTrace } from "./request-traces.ts";
import { createNewSampler, createSampler, type SamplerOptions } from "./sampler.ts";
import { createNewTraces } from "./new-traces.ts";
import type { Span } from "./span.ts";
import type { Propagator } from "./trace-context.ts";
import { createTraceIds } from "./trace-ids.ts";
import { traceRequests } from "./trace-requests.ts";
import { createTracedFetch, type TraceFetch } from "./traced-fetch.ts";

export interface TracingOptions extends SamplerOptions {
  readonly propagators: ReadonlySet<Propagator>;
  readonly capturesContent: boolean;
}

export interface TracingParts {
  readonly otlp: Pick<Otlp, "open">;
  /** Milliseconds of a monotonic clock. */
  readonly now: () => number;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** What the operation of each route that asks a model is called. */
  readonly operations: ReadonlyMap<string, string>;
  /** Requests to these routes are not traced. */
  readonly quietRoutes: ReadonlySet<string>;
}

/** What traces requests. */
export interface Tracing {
  readonly begin: BeginTrace;
  readonly observer: RequestObserver;
  readonly traceFetch: TraceFetch;
}

const SPANS: SignalBody<Span> = {
  message: EXPORT_TRACES,
  value: (spans, { resource, scope }) => ({
    resourceSpans: [{ resource: { attributes: resource }, scopeSpans: [{ scope, spans }] }],
  }),
};

/** Opens the queue of spans, and makes what fills it. */
export function openTracing(options: TracingOptions, parts: TracingParts): Tracing {
  const { otlp, now, clock, operations, quietRoutes } = parts;
  const queue = otlp.open("traces", SPANS);
  const operationOf = (route: string): string | undefined => operations.get(route);
  const { propagators, capturesContent } = options;
  const common = { ids: createTraceIds(), sample: createSampler(options), propagators };
  return {
    begin: createBeginTrace({
      ...common,
      newTraces: createNewTraces(createNewSampler(options)),
      now,
      operationOf,
      capturesContent,
      quietRoutes,
    }),
    observer: traceRequests({ operationOf, clock, take: queue.add }),
    traceFetch: createTracedFetch({ ...common, clock, take: queue.add }),
  };
}
