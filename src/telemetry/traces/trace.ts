import { fieldsOf, type HeaderLines, headerLine } from "../../core/header-lines.ts";
import type {
  RequestTrace,
  ToolTrace,
  TracedCall,
  TracedRequest,
  TracedTool,
  TraceStep,
} from "../../core/request-trace.ts";
import { CallStep } from "./call-step.ts";
import { spanIdIn } from "./new-traces.ts";
import { type RecordedStep, type StepParts, type StepTrace, ToolStep } from "./request-steps.ts";
import { formatTraceparent, type TraceParent } from "./trace-context.ts";
import type { TraceIds } from "./trace-ids.ts";

/** So many steps of one request are recorded: a model may call tools a thousand times. */
const MAX_STEPS = 512;

/** What all traces have in common. */
export interface TraceParts extends StepParts {
  readonly ids: TraceIds;
  readonly propagatesTrace: boolean;
}

/** What goes on with a trace beside its ids. */
export interface Carried {
  /** Its `tracestate`. */
  readonly state: string | undefined;
  /** That, and its `baggage`. */
  readonly lines: HeaderLines;
}

/** The trace of a request, sampled or not. */
export class Trace implements RequestTrace, StepTrace {
  readonly id: string;
  readonly isSampled: boolean;
  readonly parent: TraceParent | undefined;
  readonly parts: TraceParts;
  readonly isRecorded: boolean;
  private readonly carried: Carried;
  /** The `traceparent` of the step that began last; before there is one, that of the first, if its span is drawn. */
  private line: HeaderLines | undefined;
  private hasBegun = false;
  private ownSpanId: string | undefined = undefined;
  private lastStep: RecordedStep | undefined = undefined;
  private stepCount = 0;

  constructor(
    parts: TraceParts,
    id: string,
    isSampled: boolean,
    isRecorded: boolean,
    firstLine: HeaderLines | undefined,
    parent: TraceParent | undefined,
    carried: Carried,
  ) {
    this.id = id;
    this.isSampled = isSampled;
    this.isRecorded = isRecorded;
    this.line = firstLine;
    this.parent = parent;
    this.parts = parts;
    this.carried = carried;
  }

  get sampledId(): string | undefined {
    return this.isSampled ? this.id : undefined;
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

  /** Those of the next step: without a `traceparent` if none is to go out. */
  nextHeaders(): HeaderLines {
    const line = this.line === undefined || this.hasBegun ? this.drawLine() : this.line;
    this.line = line;
    this.hasBegun = true;
    const { lines } = this.carried;
    if (!this.parts.propagatesTrace) return lines;
    return lines === "" ? line : line + lines;
  }

  call(request: TracedRequest, call: TracedCall): TraceStep {
    return this.record(new CallStep(this, this.lastSpanId, request, call));
  }

  tool(tool: TracedTool): ToolTrace {
    const headers = fieldsOf(this.nextHeaders());
    return this.record(new ToolStep(this, this.lastSpanId, headers, tool));
  }

  /** Of the step that began last. */
  private get lastSpanId(): string {
    return spanIdIn(this.line ?? "");
  }

  private drawLine(): HeaderLines {
    const { id: traceId, isSampled, parent } = this;
    // A trace of which nothing is recorded goes on from the client's span: nobody could look up one of the gateway's.
    const clientSpanId = isSampled ? undefined : parent?.spanId;
    const spanId = clientSpanId ?? this.parts.ids.span();
    const isRandom = parent?.isRandom ?? false;
    return headerLine("traceparent", formatTraceparent({ traceId, spanId, isSampled, isRandom }));
  }

  private record<Step extends RecordedStep>(step: Step): Step {
    if (this.stepCount < MAX_STEPS) {
      step.previous = this.lastStep;
      this.lastStep = step;
      this.stepCount += 1;
    }
    return step;
  }
}
