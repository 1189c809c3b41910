import type { TracedTool, ToolTrace, TraceHeaders } from "../../core/request-trace.ts";
import type { OpenAttributes } from "../otlp/attributes.ts";
import { codeOf, MAX_CHARACTERS, setText } from "./attributes.ts";
import { type Span, SPAN_KIND, type SpanEvent, spanFlags, STATUS_ERROR } from "./span.ts";

/** What the steps of one trace have in common. */
export interface StepTrace {
  readonly id: string;
  /** Whether its steps become spans. */
  readonly isSampled: boolean;
  /** Of the request. */
  readonly spanId: string;
  readonly state: string | undefined;
  readonly parts: StepParts;
}

/** What steps need from the rest of tracing. */
export interface StepParts {
  /** Milliseconds of the monotonic clock. */
  readonly now: () => number;
  /** What the operation of a route is called; undefined if it asks no model. */
  readonly operationOf: (route: string) => string | undefined;
  /** Whether spans of calls have what is asked and answered. */
  readonly capturesContent: boolean;
}

/** A step of a request. It notes what happens, and what of it is put into words is put so at the end. */
export abstract class RecordedStep {
  readonly startedAt: number;
  endedAt: number | undefined = undefined;
  /** Why it came to nothing, as `TraceStep.ended` takes it. */
  error: unknown = undefined;
  /** The one of its trace that was recorded before it. */
  previous: RecordedStep | undefined = undefined;
  protected readonly trace: StepTrace;
  private readonly spanId: string;

  constructor(trace: StepTrace, spanId: string) {
    this.trace = trace;
    this.spanId = spanId;
    this.startedAt = trace.parts.now();
  }

  settled(): void {
    this.endedAt ??= this.trace.parts.now();
  }

  ended(error?: unknown): void {
    this.settled();
    this.error ??= error;
  }

  /** @param offset from the monotonic clock to the time of day */
  protected spanOf(
    offset: number,
    name: string,
    kind: number,
    attributes: OpenAttributes,
    events: readonly SpanEvent[],
  ): Span {
    const { trace, spanId, error, startedAt, endedAt = startedAt } = this;
    if (error !== undefined) attributes["error.type"] = codeOf(error);
    return {
      traceId: trace.id,
      spanId,
      traceState: trace.state,
      parentSpanId: trace.spanId,
      flags: spanFlags(false),
      name,
      kind,
      startTimeUnixNano: offset + startedAt,
      endTimeUnixNano: offset + endedAt,
      attributes,
      events,
      status: error === undefined ? undefined : { code: STATUS_ERROR },
    };
  }

  /** @param offset from the monotonic clock to the time of day */
  abstract toSpan(offset: number): Span;
}

/** When the first bytes of a streamed answer came. */
export const firstTokenEvent = (timeUnixNano: number): SpanEvent => ({ name: "gen_ai.first_token", timeUnixNano });

/** One call of a tool. */
export class ToolStep extends RecordedStep implements ToolTrace {
  readonly headers: TraceHeaders;
  private readonly tool: TracedTool;

  /** @param headers those with which the tool's server goes on with the span */
  constructor(trace: StepTrace, spanId: string, headers: TraceHeaders, tool: TracedTool) {
    super(trace, spanId);
    this.headers = headers;
    this.tool = tool;
  }

  toSpan(offset: number): Span {
    const { name, id } = this.tool;
    const attributes: OpenAttributes = { "gen_ai.operation.name": "execute_tool" };
    setText(attributes, "gen_ai.tool.name", name);
    setText(attributes, "gen_ai.tool.call.id", id);
    attributes["gen_ai.tool.type"] = "function";
    return this.spanOf(offset, `execute_tool ${name.slice(0, MAX_CHARACTERS)}`, SPAN_KIND.internal, attributes, []);
  }
}
