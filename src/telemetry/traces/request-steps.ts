import type { Redact } from "../../core/redact/redact.ts";
import type { TracedTool, TraceHeaders, TraceStep } from "../../core/request-trace.ts";
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

/**
 * A step of a request. It notes the same of each, sampled or not, by the same code, and what of it is put into words is
 * put so at the end, if it is sampled. If one in a hundred went another way, all the code around would be compiled for
 * the others first, and again once it did: that cost a tenth of a request, and what is noted here a hundredth of that.
 */
export abstract class RecordedStep implements TraceStep {
  abstract readonly watchesBody: boolean;
  abstract readonly keepsContent: boolean;
  readonly headers: TraceHeaders;
  readonly startedAt: number;
  endedAt: number | undefined = undefined;
  /** Why it came to nothing, as {@link TraceStep.ended} takes it. */
  error: unknown = undefined;
  /** The one of its trace that was recorded before it. */
  previous: RecordedStep | undefined = undefined;
  protected readonly trace: StepTrace;
  private readonly spanId: string;

  /** @param headers those with which whoever is called goes on with a span */
  constructor(trace: StepTrace, spanId: string, headers: TraceHeaders) {
    this.trace = trace;
    this.spanId = spanId;
    this.headers = headers;
    this.startedAt = trace.parts.now();
  }

  responded(_status: number, _whole?: Uint8Array | undefined): void {}
  bodyCame(_bytes: Uint8Array): void {}
  asked(_body: Uint8Array, _redact: Redact): void {}

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
export class ToolStep extends RecordedStep {
  readonly watchesBody = false;
  readonly keepsContent = false;
  private readonly tool: TracedTool;

  constructor(trace: StepTrace, spanId: string, headers: TraceHeaders, tool: TracedTool) {
    super(trace, spanId, headers);
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
