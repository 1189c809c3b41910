import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { writeJson } from "../../../src/telemetry/otlp/json.ts";
import type { Message, MessageValue } from "../../../src/telemetry/otlp/message.ts";
import { EXPORT_LOGS, EXPORT_METRICS, EXPORT_TRACES } from "../../../src/telemetry/otlp/messages.ts";
import { writeProtobuf } from "../../../src/telemetry/otlp/protobuf.ts";
import { official, type OfficialMessage } from "../../fixtures/otlp-schema.ts";
import { propertyRuns } from "../../fixtures/property-runs.ts";

const TRACES = official("trace", "ExportTraceServiceRequest");
const METRICS = official("metrics", "ExportMetricsServiceRequest");
const LOGS = official("logs", "ExportLogsServiceRequest");

/** What the official schema reads, in the form of OTLP's JSON, in which an empty list is left out. */
function read(schema: OfficialMessage, bytes: Uint8Array): unknown {
  const plain = schema.toObject(schema.decode(bytes), { longs: String, bytes: Uint8Array });
  return JSON.parse(
    JSON.stringify(plain, (_, value: unknown) =>
      value instanceof Uint8Array ? Buffer.from(value).toString("hex") : value,
    ),
    withoutEmpty,
  );
}

const withoutEmpty = (_: string, value: unknown): unknown =>
  Array.isArray(value) && value.length === 0 ? undefined : value;

function expectSame(schema: OfficialMessage, message: Message, value: MessageValue): void {
  const json = JSON.parse(writeJson(message, value), withoutEmpty) as unknown;
  expect(read(schema, writeProtobuf(message, value))).toEqual(json);
}

const text = fc.string({ unit: "grapheme", maxLength: 300 });
const id = (bytes: number) =>
  fc.uint8Array({ minLength: bytes, maxLength: bytes }).map((given) => Buffer.from(given).toString("hex"));
const number = fc.oneof(
  fc.maxSafeInteger(),
  fc.double({ noNaN: true, noDefaultInfinity: true }).filter((value) => !Object.is(value, -0)),
);
const attributes = fc.dictionary(
  text.filter((name) => name !== "__proto__"),
  fc.oneof(text, number, fc.boolean(), fc.array(text, { maxLength: 3 })),
  {
    maxKeys: 5,
  },
);
const time = fc.double({ min: 0, max: 4e12, noNaN: true });
const span = fc.record({
  traceId: id(16),
  spanId: id(8),
  parentSpanId: fc.option(id(8), { nil: undefined }),
  traceState: fc.option(text, { nil: undefined }),
  flags: fc.nat(0x3ff),
  name: text,
  kind: fc.integer({ min: 0, max: 5 }),
  startTimeUnixNano: time,
  endTimeUnixNano: time,
  attributes,
  events: fc.array(fc.record({ name: text, timeUnixNano: time, attributes }), { maxLength: 3 }),
  status: fc.option(fc.record({ code: fc.nat(2), message: fc.option(text, { nil: undefined }) }), { nil: undefined }),
});

describe("the official schema reads what is written", () => {
  test("of spans", () => {
    fc.assert(
      fc.property(fc.array(span, { maxLength: 4 }), attributes, (spans, resource) => {
        const scope = { name: "inference-gateway", version: "1" };
        expectSame(TRACES, EXPORT_TRACES, {
          resourceSpans: [{ resource: { attributes: resource }, scopeSpans: [{ scope, spans }] }],
        });
      }),
      propertyRuns(100),
    );
  });

  test("of lines of the log", () => {
    const record = fc.record({
      timeUnixNano: time,
      severityNumber: fc.nat(24),
      severityText: text,
      body: text,
      attributes,
      flags: fc.nat(0xff),
      traceId: fc.option(id(16), { nil: undefined }),
    });
    fc.assert(
      fc.property(fc.array(record, { maxLength: 4 }), (logRecords) => {
        expectSame(LOGS, EXPORT_LOGS, { resourceLogs: [{ scopeLogs: [{ logRecords }] }] });
      }),
      propertyRuns(100),
    );
  });

  test("of metrics", () => {
    const times = { startTimeUnixNano: time, timeUnixNano: time, attributes };
    const double = fc.double({ noNaN: true, noDefaultInfinity: true }).filter((value) => !Object.is(value, -0));
    const numbers = fc.array(
      fc.oneof(fc.record({ ...times, asInt: fc.maxSafeNat() }), fc.record({ ...times, asDouble: double })),
      { maxLength: 3 },
    );
    const aggregationTemporality = fc.constantFrom(1, 2);
    const counts = fc.array(fc.maxSafeNat(), { minLength: 1, maxLength: 20 });
    const histogram = fc.record({
      ...{ ...times, count: fc.maxSafeNat(), sum: double, bucketCounts: counts },
      explicitBounds: fc.array(double, { minLength: 1, maxLength: 20 }),
      exemplars: fc.array(fc.record({ timeUnixNano: time, asDouble: double, traceId: id(16) }), { maxLength: 3 }),
    });
    const known = { name: text, description: text, unit: text };
    const metric = fc.oneof(
      fc.record({ ...known, gauge: fc.record({ dataPoints: numbers }) }),
      fc.record({
        ...known,
        sum: fc.record({ dataPoints: numbers, aggregationTemporality, isMonotonic: fc.boolean() }),
      }),
      fc.record({
        ...known,
        histogram: fc.record({ dataPoints: fc.array(histogram, { maxLength: 3 }), aggregationTemporality }),
      }),
    );
    fc.assert(
      fc.property(fc.array(metric, { maxLength: 4 }), attributes, (metrics, resource) => {
        expectSame(METRICS, EXPORT_METRICS, {
          resourceMetrics: [{ resource: { attributes: resource }, scopeMetrics: [{ metrics }] }],
        });
      }),
      propertyRuns(100),
    );
  });

  test("of more than the writer's first buffer", () => {
    const long = "ü".repeat(40_000);
    const spans = Array.from({ length: 20 }, (_, index) => ({ name: long, attributes: { index, long } }));
    expectSame(TRACES, EXPORT_TRACES, { resourceSpans: [{ scopeSpans: [{ spans }] }] });
  });
});

test("numbers are packed if they are repeated", () => {
  const message: Message = {
    counts: { number: 6, kind: "fixed64", repeated: true },
    bounds: { number: 7, kind: "double", repeated: true },
  };
  const bytes = writeProtobuf(message, { counts: [1, 2 ** 40], bounds: [0.5] });
  expect(Buffer.from(bytes).toString("hex")).toBe(
    ["3210", "0100000000000000", "0000000000010000", "3a08", "000000000000e03f"].join(""),
  );
});
