import type { CollectorFetch } from "../otlp/post.ts";
import { setServer } from "./attributes.ts";
import type { Sample } from "./sampler.ts";
import { type Span, SPAN_KIND, spanFlags, STATUS_ERROR } from "./span.ts";
import { formatTraceparent, type Propagator } from "./trace-context.ts";
import type { TraceIds } from "./trace-ids.ts";

/** Makes each request of a `fetch` a trace of its own; the same function each time for the same `fetch`. */
export type TraceFetch = (fetch: CollectorFetch) => CollectorFetch;

export interface TracedFetchParts {
  readonly ids: TraceIds;
  readonly sample: Sample;
  readonly propagators: ReadonlySet<Propagator>;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  readonly take: (spans: readonly Span[]) => void;
}

/** For what the gateway asks for all requests together, such as an issuer's keys, so it belongs to none of their traces. */
export function createTracedFetch({ ids, sample, propagators, clock, take }: TracedFetchParts): TraceFetch {
  const known = new WeakMap<CollectorFetch, CollectorFetch>();

  const trace =
    (fetch: CollectorFetch): CollectorFetch =>
    async (url, init) => {
      const traceId = ids.trace();
      const spanId = ids.span();
      const isSampled = sample(traceId, undefined);
      const headers = new Headers(init.headers as Record<string, string> | undefined);
      const traceparent = formatTraceparent({ traceId, spanId, isSampled, isRandom: false });
      if (propagators.has("tracecontext")) headers.set("traceparent", traceparent);
      if (!isSampled) return fetch(url, { ...init, headers });
      const startedAt = clock();
      let status: number | undefined;
      try {
        const response = await fetch(url, { ...init, headers });
        ({ status } = response);
        return response;
      } finally {
        const method = init.method ?? "GET";
        const attributes = { "http.request.method": method, ...(status && { "http.response.status_code": status }) };
        setServer(attributes, url);
        take([
          {
            traceId,
            spanId,
            flags: spanFlags(false),
            name: method,
            kind: SPAN_KIND.client,
            startTimeUnixNano: startedAt,
            endTimeUnixNano: clock(),
            attributes,
            events: [],
            status: status === undefined || status >= 400 ? { code: STATUS_ERROR } : undefined,
          },
        ]);
      }
    };

  return (fetch) => {
    let traced = known.get(fetch);
    if (!traced) known.set(fetch, (traced = trace(fetch)));
    return traced;
  };
}
