import type {
  BeginTrace,
  RequestTrace,
  TracedCall,
  TracedRequest,
  TracedTool,
  TraceHeaders,
  TraceStep,
} from "../../core/request-trace.ts";
import { CallStep } from "./call-step.ts";
import { type RecordedStep, type StepParts, type StepTrace, ToolStep } from "./request-steps.ts";
import type { Sample } from "./sampler.ts";
import {
  formatTraceparent,
  parseTraceparent,
  type Propagator,
  readBaggage,
  readTracestate,
  type TraceParent,
} from "./trace-context.ts";
import type { TraceIds } from "./trace-ids.ts";

export interface RequestTraceParts extends StepParts {
  readonly ids: TraceIds;
  readonly sample: Sample;
  readonly propagators: ReadonlySet<Propagator>;
  /** Their requests are not traced. */
  readonly quietRoutes: ReadonlySet<string>;
}

/** What goes on with a trace beside its ids. */
interface Carried {
  readonly state: string | undefined;
  readonly baggage: string | undefined;
}

const NOTHING: Carried = { state: undefined, baggage: undefined };

/** Creates what begins the traces of requests. */
export function createBeginTrace(parts: RequestTraceParts): BeginTrace {
  const { ids, sample, propagators, quietRoutes } = parts;
  const readsTrace = propagators.has("tracecontext");
  const readsBaggage = propagators.has("baggage");

  const carriedBy = (headers: Headers, parent: TraceParent | undefined): Carried => {
    const said = parent ? headers.get("tracestate") : null;
    const baggage = readsBaggage ? headers.get("baggage") : null;
    if (said === null && baggage === null) return NOTHING;
    return {
      state: said === null ? undefined : readTracestate(said),
      baggage: baggage === null ? undefined : readBaggage(baggage),
    };
  };

  return (headers, route) => {
    if (quietRoutes.has(route)) return undefined;
    const said = readsTrace ? headers.get("traceparent") : null;
    const parent = said === null ? undefined : parseTraceparent(said);
    const carried = carriedBy(headers, parent);
    const id = parent?.traceId ?? ids.trace();
    return new Trace(parts, id, sample(id, parent), parent, carried);
  };
}

const NO_HEADERS: TraceHeaders = {};

/** So many steps of one request are recorded: a model may call tools a thousand times. */
const MAX_STEPS = 512;

/**
 * The trace of a request, sampled or not: of one kind, for the reason that {@link RecordedStep} gives. Whether its spans are
 * exported when its request is over is a field like others.
 */
export class Trace implements RequestTrace, StepTrace {
  readonly id: string;
  readonly isSampled: boolean;
  readonly sampledId: string | undefined;
  readonly parent: TraceParent | undefined;
  readonly parts: RequestTraceParts;
  private readonly carried: Carried;
  /** Of the client, from which a trace of which nothing is recorded goes on: nobody could look up one of the gateway's. */
  private readonly clientSpanId: string | undefined;
  private readonly isRandom: boolean;
  private ownSpanId: string | undefined = undefined;
  private lastStep: RecordedStep | undefined = undefined;
  private stepCount = 0;

  constructor(
    parts: RequestTraceParts,
    id: string,
    isSampled: boolean,
    parent: TraceParent | undefined,
    carried: Carried,
  ) {
    this.id = id;
    this.isSampled = isSampled;
    this.sampledId = isSampled ? id : undefined;
    this.parent = parent;
    this.parts = parts;
    this.carried = carried;
    this.clientSpanId = isSampled ? undefined : parent?.spanId;
    this.isRandom = parent?.isRandom ?? false;
  }

  get spanId(): string {
    return (this.ownSpanId ??= this.parts.ids.span());
  }

  get state(): string | undefined {
    return this.carried.state;
  }

  /** Those that are recorded, the first one first. */
  steps(): readonly RecordedStep[] {
    const steps: RecordedStep[] = [];
    for (let step = this.lastStep; step; step = step.previous) steps.push(step);
    return steps.reverse();
  }

  call(request: TracedRequest, call: TracedCall): TraceStep {
    const spanId = this.clientSpanId ?? this.parts.ids.span();
    return this.record(new CallStep(this, spanId, this.headersFrom(spanId), request, call));
  }

  tool(tool: TracedTool): TraceStep {
    const spanId = this.clientSpanId ?? this.parts.ids.span();
    return this.record(new ToolStep(this, spanId, this.headersFrom(spanId), tool));
  }

  /** The headers with which the trace goes on from a span. */
  private headersFrom(spanId: string): TraceHeaders {
    const { carried, isSampled, isRandom } = this;
    const { state, baggage } = carried;
    if (!this.parts.propagators.has("tracecontext")) return baggage === undefined ? NO_HEADERS : { baggage };
    const traceparent = formatTraceparent({ traceId: this.id, spanId, isSampled, isRandom });
    // Most traces have neither, and one form of object for them all is written fastest.
    if (state === undefined && baggage === undefined) return { traceparent };
    return {
      traceparent,
      ...(state !== undefined && { tracestate: state }),
      ...(baggage !== undefined && { baggage }),
    };
  }

  private record(step: RecordedStep): TraceStep {
    if (this.stepCount < MAX_STEPS) {
      step.previous = this.lastStep;
      this.lastStep = step;
      this.stepCount += 1;
    }
    return step;
  }
}
