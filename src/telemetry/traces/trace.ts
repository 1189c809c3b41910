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

/**
 * The trace of a request, sampled or not. It is also what stands for the calls of a request that is not recorded, which
 * need nothing but their headers.
 */
export class Trace implements RequestTrace, StepTrace, TraceStep {
  readonly id: string;
  readonly isSampled: boolean;
  readonly parent: TraceParent | undefined;
  readonly parts: TraceParts;
  /** Those of the call that began last. */
  headers: HeaderLines = "";
  private readonly isRecorded: boolean;
  private readonly carried: Carried;
  /** With which the first step goes on, if its span has been drawn. */
  private firstLine: HeaderLines | undefined;
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
    this.firstLine = firstLine;
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

  call(request: TracedRequest, call: TracedCall): TraceStep {
    const line = this.nextLine();
    this.headers = this.headersWith(line);
    return this.isRecorded ? this.record(new CallStep(this, spanIdIn(line), this.headers, request, call)) : this;
  }

  tool(tool: TracedTool): ToolTrace {
    const line = this.nextLine();
    return this.record(new ToolStep(this, spanIdIn(line), fieldsOf(this.headersWith(line)), tool));
  }

  // What a call that is not recorded is told.
  readonly watchesBody = false;
  readonly keepsContent = false;
  responded(): void {}
  bodyCame(): void {}
  asked(): void {}
  settled(): void {}
  ended(): void {}

  /** The `traceparent` of the next step. */
  private nextLine(): HeaderLines {
    const { firstLine } = this;
    this.firstLine = undefined;
    return firstLine ?? this.drawLine();
  }

  private drawLine(): HeaderLines {
    const { id: traceId, isSampled, parent } = this;
    // A trace of which nothing is recorded goes on from the client's span: nobody could look up one of the gateway's.
    const clientSpanId = isSampled ? undefined : parent?.spanId;
    const spanId = clientSpanId ?? this.parts.ids.span();
    const isRandom = parent?.isRandom ?? false;
    return headerLine("traceparent", formatTraceparent({ traceId, spanId, isSampled, isRandom }));
  }

  /** What goes out: without a `traceparent` if none is to. */
  private headersWith(line: HeaderLines): HeaderLines {
    const { lines } = this.carried;
    if (!this.parts.propagatesTrace) return lines;
    return lines === "" ? line : line + lines;
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
