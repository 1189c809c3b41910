import type { Attributes } from "../otlp/attributes.ts";

/** https://opentelemetry.io/docs/specs/otel/trace/api/#spankind */
export const SPAN_KIND = { internal: 1, server: 2, client: 3 } as const;

/** https://opentelemetry.io/docs/specs/otel/trace/api/#set-status */
export const STATUS_ERROR = 2;

/** Something that happened within a span. */
export interface SpanEvent {
  readonly name: string;
  /** Milliseconds since the epoch, as all times of spans. */
  readonly timeUnixNano: number;
  readonly attributes?: Attributes;
}

/** A span that is over, with the member names of OTLP, in which it is exported. */
export interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly traceState?: string | undefined;
  readonly parentSpanId?: string | undefined;
  /** Of the trace, and whether the parent is in another process. */
  readonly flags: number;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: number;
  readonly endTimeUnixNano: number;
  readonly attributes: Attributes;
  readonly events: readonly SpanEvent[];
  readonly status?: { readonly code: number } | undefined;
}

const SAMPLED = 0x01;
const KNOWS_WHERE_PARENT_IS = 0x100;
const PARENT_IS_REMOTE = 0x200;

/** The flags of a sampled span. https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/trace/v1/trace.proto */
export const spanFlags = (isParentRemote: boolean): number =>
  SAMPLED | KNOWS_WHERE_PARENT_IS | (isParentRemote ? PARENT_IS_REMOTE : 0);
