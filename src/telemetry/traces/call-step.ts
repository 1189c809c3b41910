import type { Redact } from "../../core/redact/redact.ts";
import type { TracedCall, TracedRequest, TraceStep } from "../../core/request-trace.ts";
import type { TokenUsage } from "../../core/token-usage.ts";
import { modelIn } from "../../formats/answer-model.ts";
import type { OpenAttributes } from "../otlp/attributes.ts";
import { MAX_CHARACTERS, setServer, setText, setUsage } from "./attributes.ts";
import { type CapturedContent, createContent } from "./content.ts";
import { firstTokenEvent, RecordedStep, type StepTrace } from "./request-steps.ts";
import { type Span, SPAN_KIND } from "./span.ts";

/** A longer answer is not kept until its request is over: the model that it names is looked up at once. */
const MAX_KEPT_BYTES = 64 * 1024;

/** One call of a provider: an attempt of routing, a retry, a hedge, or a step after tools. */
export class CallStep extends RecordedStep implements TraceStep {
  readonly watchesBody: boolean;
  readonly keepsContent: boolean;
  private readonly request: TracedRequest;
  private readonly call: TracedCall;
  private readonly usageBefore: TokenUsage | undefined;
  private usage: TokenUsage | undefined = undefined;
  private status = 0;
  /** The whole answer, if it is a short one. */
  private whole: Uint8Array | undefined = undefined;
  private answerer: string | undefined = undefined;
  /** When the first bytes of the answer came. */
  private firstByteAt: number | undefined = undefined;
  /** Something of it was looked at. */
  private hasBegun = false;
  private isStream = false;
  private hasAnswered = false;
  private isOver = false;
  private content: CapturedContent | undefined = undefined;

  constructor(trace: StepTrace, spanId: string, request: TracedRequest, call: TracedCall) {
    super(trace, spanId);
    const { isSampled } = trace;
    this.watchesBody = isSampled;
    this.keepsContent = isSampled && trace.parts.capturesContent;
    this.request = request;
    this.call = call;
    this.usageBefore = request.usage;
  }

  responded(status: number, whole?: Uint8Array | undefined): void {
    this.status = status;
    if (whole === undefined) return;
    this.firstByteAt = this.trace.parts.now();
    this.whole = this.watchesBody ? whole : undefined;
    if (this.watchesBody && (this.keepsContent || whole.length > MAX_KEPT_BYTES)) this.bodyCame(whole);
  }

  bodyCame(bytes: Uint8Array): void {
    this.whole = undefined;
    this.firstByteAt ??= this.trace.parts.now();
    if (!this.hasBegun) this.answerer = modelIn(bytes);
    this.hasBegun = true;
    this.content?.answered(bytes);
  }

  asked(body: Uint8Array, redact: Redact): void {
    this.content = createContent(body, redact);
  }

  override ended(error?: unknown): void {
    if (this.isOver) return;
    this.isOver = true;
    super.ended(error);
    const { usage, streaming } = this.request;
    this.hasAnswered = error === undefined;
    this.usage = usage;
    this.isStream = streaming;
  }

  toSpan(offset: number): Span {
    const { request, call, status, whole, firstByteAt, hasAnswered } = this;
    const { kind, provider, model: asked, url } = call;
    const operation = this.trace.parts.operationOf(request.route);
    const model = asked?.slice(0, MAX_CHARACTERS);
    const attributes: OpenAttributes = {};
    setText(attributes, "gen_ai.operation.name", operation);
    attributes["gen_ai.provider.name"] = provider;
    setText(attributes, "gen_ai.request.model", model);
    attributes["inference_gateway.attempt.kind"] = kind;
    setServer(attributes, url);
    if (status > 0) attributes["http.response.status_code"] = status;
    setText(attributes, "gen_ai.response.model", whole ? modelIn(whole) : this.answerer);
    if (hasAnswered) setUsage(attributes, this.usage, this.usageBefore);
    if (hasAnswered) this.content?.write(attributes);
    const isTold = hasAnswered && this.isStream && firstByteAt !== undefined;
    const events = isTold ? [firstTokenEvent(offset + firstByteAt)] : [];
    const name = [operation ?? request.method, model ?? provider].join(" ");
    return this.spanOf(offset, name, SPAN_KIND.client, attributes, events);
  }
}
