import type { Field, Message, ScalarKind } from "./message.ts";

const one = (number: number, kind: ScalarKind | Message): Field => ({ number, kind });
const many = (number: number, kind: ScalarKind | Message): Field => ({ number, kind, repeated: true });

/** https://github.com/open-telemetry/opentelemetry-proto/blob/v1.7.0/opentelemetry/proto/resource/v1/resource.proto */
const RESOURCE: Message = { attributes: one(1, "attributes") };

/** https://github.com/open-telemetry/opentelemetry-proto/blob/v1.7.0/opentelemetry/proto/common/v1/common.proto */
const SCOPE: Message = { name: one(1, "string"), version: one(2, "string") };

/** https://github.com/open-telemetry/opentelemetry-proto/blob/v1.7.0/opentelemetry/proto/trace/v1/trace.proto */
const SPAN: Message = {
  traceId: one(1, "id"),
  spanId: one(2, "id"),
  traceState: one(3, "string"),
  parentSpanId: one(4, "id"),
  name: one(5, "string"),
  kind: one(6, "varint"),
  startTimeUnixNano: one(7, "time"),
  endTimeUnixNano: one(8, "time"),
  attributes: one(9, "attributes"),
  events: many(11, {
    timeUnixNano: one(1, "time"),
    name: one(2, "string"),
    attributes: one(3, "attributes"),
  }),
  status: one(15, { message: one(2, "string"), code: one(3, "varint") }),
  flags: one(16, "fixed32"),
};

/** https://github.com/open-telemetry/opentelemetry-proto/blob/v1.7.0/opentelemetry/proto/logs/v1/logs.proto */
const LOG_RECORD: Message = {
  timeUnixNano: one(1, "time"),
  severityNumber: one(2, "varint"),
  severityText: one(3, "string"),
  body: one(5, "anyValue"),
  attributes: one(6, "attributes"),
  flags: one(8, "fixed32"),
  traceId: one(9, "id"),
  spanId: one(10, "id"),
  observedTimeUnixNano: one(11, "time"),
};

/** The body of a request to `/v1/traces`. */
export const EXPORT_TRACES: Message = {
  resourceSpans: many(1, {
    resource: one(1, RESOURCE),
    scopeSpans: many(2, { scope: one(1, SCOPE), spans: many(2, SPAN) }),
  }),
};

/** The body of a request to `/v1/logs`. */
export const EXPORT_LOGS: Message = {
  resourceLogs: many(1, {
    resource: one(1, RESOURCE),
    scopeLogs: many(2, { scope: one(1, SCOPE), logRecords: many(2, LOG_RECORD) }),
  }),
};

const EXEMPLAR: Message = { timeUnixNano: one(2, "time"), asDouble: one(3, "double"), traceId: one(5, "id") };

/** What both kinds of points begin with. */
const POINT: Message = { startTimeUnixNano: one(2, "time"), timeUnixNano: one(3, "time") };

const NUMBER_POINT: Message = {
  ...POINT,
  asDouble: one(4, "double"),
  asInt: one(6, "fixed64"),
  attributes: one(7, "attributes"),
};

const HISTOGRAM_POINT: Message = {
  ...POINT,
  count: one(4, "fixed64"),
  sum: one(5, "double"),
  bucketCounts: many(6, "fixed64"),
  explicitBounds: many(7, "double"),
  exemplars: many(8, EXEMPLAR),
  attributes: one(9, "attributes"),
};

/** https://github.com/open-telemetry/opentelemetry-proto/blob/v1.7.0/opentelemetry/proto/metrics/v1/metrics.proto */
const METRIC: Message = {
  name: one(1, "string"),
  description: one(2, "string"),
  unit: one(3, "string"),
  gauge: one(5, { dataPoints: many(1, NUMBER_POINT) }),
  sum: one(7, {
    dataPoints: many(1, NUMBER_POINT),
    aggregationTemporality: one(2, "varint"),
    isMonotonic: one(3, "bool"),
  }),
  histogram: one(9, { dataPoints: many(1, HISTOGRAM_POINT), aggregationTemporality: one(2, "varint") }),
};

/** One of the list that a request to `/v1/metrics` is. */
export const RESOURCE_METRICS: Message = {
  resource: one(1, RESOURCE),
  scopeMetrics: many(2, { scope: one(1, SCOPE), metrics: many(2, METRIC) }),
};

/** The body of a request to `/v1/metrics`. */
export const EXPORT_METRICS: Message = { resourceMetrics: many(1, RESOURCE_METRICS) };

/** The answer to a request to `/v1/metrics`. */
export const METRICS_ANSWER: Message = {
  partialSuccess: one(1, { rejectedDataPoints: one(1, "integer"), errorMessage: one(2, "string") }),
};
