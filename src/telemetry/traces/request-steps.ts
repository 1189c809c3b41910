import type { Redact } from "../../core/redact/redact.ts";
import type { TokenUsage } from "../../core/token-usage.ts";
import type { TracedRequest, TracedTool, TraceHeaders, TraceStep } from "../../core/request-trace.ts";
import type { OpenAttributes } from "../otlp/attributes.ts";
import { codeOf, MAX_CHARACTERS, setServer, setText, setUsage } from "./attributes.ts";
import { modelIn } from "../../formats/answer-model.ts";
import { type CapturedContent, createContent } from "./content.ts";
import { type Span, SPAN_KIND, type SpanEvent, spanFlags, STATUS_ERROR } from "./span.ts";

/** What the steps of one trace have in common. */
export interface StepTrace {
  readonly id: string;
  /** Of the request. */
  readonly spanId: string;
  readonly state: string | undefined;
  /** The headers with which whoever is called goes on with a span. */
  headersFor(spanId: string): TraceHeaders;
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

/** A step of a request that is recorded. */
export abstract class RecordedStep implements TraceStep {
  abstract readonly kind: number;
  abstract readonly name: string;
  readonly attributes: OpenAttributes = {};
  readonly headers: TraceHeaders;
  readonly startedAt: number;
  endedAt: number | undefined = undefined;
  error: string | undefined = undefined;
  /** When the first bytes of the answer came. */
  firstByteAt: number | undefined = undefined;
  isStream = false;
  protected readonly parts: StepParts;
  private readonly trace: StepTrace;
  private readonly spanId: string;

  constructor(parts: StepParts, trace: StepTrace, spanId: string) {
    this.parts = parts;
    this.trace = trace;
    this.spanId = spanId;
    this.headers = trace.headersFor(spanId);
    this.startedAt = parts.now();
  }

  get watchesBody(): boolean {
    return false;
  }

  get keepsContent(): boolean {
    return false;
  }

  responded(_status: number): void {}
  bodyCame(_bytes: Uint8Array): void {}
  asked(_body: Uint8Array, _redact: Redact): void {}

  settled(): void {
    this.endedAt ??= this.parts.now();
  }

  ended(error?: unknown): void {
    this.settled();
    if (error !== undefined) this.error ??= codeOf(error);
  }

  /** @param offset from the monotonic clock to the time of day */
  toSpan(offset: number): Span {
    const { attributes, error } = this;
    if (error !== undefined) attributes["error.type"] = error;
    return {
      traceId: this.trace.id,
      spanId: this.spanId,
      traceState: this.trace.state,
      parentSpanId: this.trace.spanId,
      flags: spanFlags(false),
      name: this.name,
      kind: this.kind,
      startTimeUnixNano: offset + this.startedAt,
      endTimeUnixNano: offset + (this.endedAt ?? this.startedAt),
      attributes,
      events: !this.isStream || this.firstByteAt === undefined ? [] : [firstTokenEvent(offset + this.firstByteAt)],
      status: error === undefined ? undefined : { code: STATUS_ERROR },
    };
  }
}

/** When the first bytes of a streamed answer came. */
export const firstTokenEvent = (timeUnixNano: number): SpanEvent => ({ name: "gen_ai.first_token", timeUnixNano });

/** What is called, and why. */
export interface AskedProvider {
  readonly kind: string;
  /** Its id. */
  readonly provider: string;
  /** In the provider's naming. */
  readonly model: string | undefined;
  readonly url: string;
}

/** One call of a provider: an attempt of routing, a retry, a hedge, or a step after tools. */
export class CallStep extends RecordedStep {
  readonly kind = SPAN_KIND.client;
  readonly name: string;
  private readonly request: TracedRequest;
  private readonly usedBefore: TokenUsage | undefined;
  private isOver = false;
  private content: CapturedContent | undefined;

  constructor(
    parts: StepParts,
    trace: StepTrace,
    spanId: string,
    request: TracedRequest,
    { kind, provider, url, model: asked }: AskedProvider,
  ) {
    super(parts, trace, spanId);
    const operation = parts.operationOf(request.route);
    const model = asked?.slice(0, MAX_CHARACTERS);
    this.request = request;
    this.usedBefore = request.usage;
    this.name = [operation ?? request.method, model ?? provider].join(" ");
    const { attributes } = this;
    setText(attributes, "gen_ai.operation.name", operation);
    attributes["gen_ai.provider.name"] = provider;
    setText(attributes, "gen_ai.request.model", model);
    attributes["inference_gateway.attempt.kind"] = kind;
    setServer(attributes, url);
  }

  override get watchesBody(): boolean {
    return true;
  }

  override get keepsContent(): boolean {
    return this.parts.capturesContent;
  }

  override bodyCame(bytes: Uint8Array): void {
    if (this.firstByteAt === undefined) {
      this.firstByteAt = this.parts.now();
      setText(this.attributes, "gen_ai.response.model", modelIn(bytes));
    }
    this.content?.answered(bytes);
  }

  override asked(body: Uint8Array, redact: Redact): void {
    this.content = createContent(body, redact);
  }

  override responded(status: number): void {
    this.attributes["http.response.status_code"] = status;
  }

  override ended(error?: unknown): void {
    if (this.isOver) return;
    this.isOver = true;
    super.ended(error);
    if (error !== undefined) return;
    const { usage, streaming } = this.request;
    setUsage(this.attributes, usage, this.usedBefore);
    this.isStream = streaming;
    this.content?.write(this.attributes);
  }
}

/** One call of a tool. */
export class ToolStep extends RecordedStep {
  readonly kind = SPAN_KIND.internal;
  readonly name: string;

  constructor(parts: StepParts, trace: StepTrace, spanId: string, { name, id }: TracedTool) {
    super(parts, trace, spanId);
    this.name = `execute_tool ${name.slice(0, MAX_CHARACTERS)}`;
    this.attributes["gen_ai.operation.name"] = "execute_tool";
    setText(this.attributes, "gen_ai.tool.name", name);
    setText(this.attributes, "gen_ai.tool.call.id", id);
    this.attributes["gen_ai.tool.type"] = "function";
  }
}
