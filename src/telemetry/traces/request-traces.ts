import type { ClientHeaders } from "../../core/client-request.ts";
import { headerLine } from "../../core/header-lines.ts";
import type { BeginTrace } from "../../core/request-trace.ts";
import { type NewTraces, traceIdIn } from "./new-traces.ts";
import type { Sample } from "./sampler.ts";
import { type Carried, Trace, type TraceParts } from "./trace.ts";
import { parseTraceparent, type Propagator, readBaggage, readTracestate, type TraceParent } from "./trace-context.ts";

export interface RequestTraceParts extends Omit<TraceParts, "propagatesTrace"> {
  readonly newTraces: NewTraces;
  readonly sample: Sample;
  readonly propagators: ReadonlySet<Propagator>;
  /** Their requests are not traced. */
  readonly quietRoutes: ReadonlySet<string>;
}

const NOTHING: Carried = { state: undefined, lines: "" };

/**
 * Of the requests that are not sampled, one in so many is recorded like those that are. Else all the code that its steps
 * pass through would be compiled as if there were none, and again once one is sampled: that cost a tenth of a request.
 */
const RECORDED_ONE_IN = 8;

/** Creates what begins the traces of requests. */
export function createBeginTrace(parts: RequestTraceParts): BeginTrace {
  const { newTraces, sample, propagators, quietRoutes } = parts;
  const propagatesTrace = propagators.has("tracecontext");
  const propagatesBaggage = propagators.has("baggage");
  const common: TraceParts = { ...parts, propagatesTrace };
  let unsampled = 0;

  const isRecorded = (isSampled: boolean): boolean =>
    isSampled || (unsampled = (unsampled + 1) % RECORDED_ONE_IN) === 0;

  const begin = (parent: TraceParent | undefined, carried: Carried): Trace => {
    if (parent) {
      const isSampled = sample(parent.traceId, parent);
      return new Trace(common, parent.traceId, isSampled, isRecorded(isSampled), undefined, parent, carried);
    }
    const line = newTraces.next();
    const isSampled = newTraces.isSampled();
    return new Trace(common, traceIdIn(line), isSampled, isRecorded(isSampled), line, undefined, carried);
  };

  /** For a request that brings something of a trace. */
  const goOn = (headers: ClientHeaders, said: string | null, baggage: string | null): Trace => {
    const parent = said === null ? undefined : parseTraceparent(said);
    const state = parent ? headers.get("tracestate") : null;
    return begin(parent, carriedBy(state, baggage));
  };

  return (headers, route) => {
    if (quietRoutes.has(route)) return undefined;
    const said = propagatesTrace ? headers.get("traceparent") : null;
    const baggage = propagatesBaggage ? headers.get("baggage") : null;
    return said === null && baggage === null ? begin(undefined, NOTHING) : goOn(headers, said, baggage);
  };
}

function carriedBy(tracestate: string | null, saidBaggage: string | null): Carried {
  const state = tracestate === null ? undefined : readTracestate(tracestate);
  const baggage = saidBaggage === null ? undefined : readBaggage(saidBaggage);
  const stateLine = state === undefined ? "" : headerLine("tracestate", state);
  return { state, lines: baggage === undefined ? stateLine : stateLine + headerLine("baggage", baggage) };
}
