import type {
  BeginTrace,
  RequestTrace,
  TracedCall,
  TracedRequest,
  TracedTool,
  TraceHeaders,
  TraceStep,
} from "../../core/request-trace.ts";
import { CallStep, type RecordedStep, type StepParts, type StepTrace, ToolStep } from "./request-steps.ts";
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
    return sample(id, parent)
      ? new SampledTrace(parts, id, parent, carried)
      : new UnsampledTrace(parts, id, parent, carried);
  };
}

/** The headers with which a trace goes on from a span. */
function headersOf(
  { propagators }: Pick<RequestTraceParts, "propagators">,
  span: TraceParent,
  { state, baggage }: Carried,
): TraceHeaders {
  if (!propagators.has("tracecontext")) return baggage === undefined ? NO_HEADERS : { baggage };
  const traceparent = formatTraceparent(span);
  // Most traces have neither, and one form of object for them all is written fastest.
  if (state === undefined && baggage === undefined) return { traceparent };
  return { traceparent, ...(state !== undefined && { tracestate: state }), ...(baggage !== undefined && { baggage }) };
}

const NO_HEADERS: TraceHeaders = {};

/** A trace of which nothing is recorded: it is its own step, and all of them go on with the same headers. */
class UnsampledTrace implements RequestTrace, TraceStep {
  readonly id: string;
  private readonly parts: RequestTraceParts;
  private readonly parent: TraceParent | undefined;
  private readonly carried: Carried;
  private made: TraceHeaders | undefined = undefined;

  constructor(parts: RequestTraceParts, id: string, parent: TraceParent | undefined, carried: Carried) {
    this.id = id;
    this.parts = parts;
    this.parent = parent;
    this.carried = carried;
  }

  // No fields, because one of these is made for nearly every request.
  get isSampled(): false {
    return false;
  }

  get watchesBody(): false {
    return false;
  }

  get keepsContent(): false {
    return false;
  }

  /** From the client's own span, if there is one: nobody could look up one of the gateway's. */
  get headers(): TraceHeaders {
    return (this.made ??= this.makeHeaders());
  }

  private makeHeaders(): TraceHeaders {
    const { parts, parent, carried } = this;
    const spanId = parent?.spanId ?? parts.ids.span();
    const span = { traceId: this.id, spanId, isSampled: false, isRandom: parent?.isRandom ?? false };
    return headersOf(parts, span, carried);
  }

  call(): TraceStep {
    return this;
  }

  tool(): TraceStep {
    return this;
  }

  responded(): void {}
  bodyCame(): void {}
  asked(): void {}
  settled(): void {}
  ended(): void {}
}

/** So many steps of one request are recorded: a model may call tools a thousand times. */
const MAX_STEPS = 512;

/** A trace whose spans are exported when its request is over. */
export class SampledTrace implements RequestTrace, StepTrace {
  readonly id: string;
  readonly isSampled = true;
  readonly spanId: string;
  readonly parent: TraceParent | undefined;
  readonly steps: RecordedStep[] = [];
  private readonly parts: RequestTraceParts;
  private readonly carried: Carried;

  constructor(parts: RequestTraceParts, id: string, parent: TraceParent | undefined, carried: Carried) {
    this.id = id;
    this.spanId = parts.ids.span();
    this.parent = parent;
    this.parts = parts;
    this.carried = carried;
  }

  get state(): string | undefined {
    return this.carried.state;
  }

  headersFor(spanId: string): TraceHeaders {
    const span = { traceId: this.id, spanId, isSampled: true, isRandom: this.parent?.isRandom ?? false };
    return headersOf(this.parts, span, this.carried);
  }

  call(request: TracedRequest, kind: string, provider: string, model: string | undefined, call: TracedCall): TraceStep {
    const asked = { kind, provider, model, url: call.url };
    return this.record(new CallStep(this.parts, this, this.parts.ids.span(), request, asked));
  }

  tool(tool: TracedTool): TraceStep {
    return this.record(new ToolStep(this.parts, this, this.parts.ids.span(), tool));
  }

  private record(step: RecordedStep): TraceStep {
    if (this.steps.length < MAX_STEPS) this.steps.push(step);
    return step;
  }
}
