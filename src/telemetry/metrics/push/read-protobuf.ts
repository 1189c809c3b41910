import { ProtobufCursor, ProtobufProblem } from "../../otlp/protobuf-cursor.ts";
import {
  DELTA,
  LONGEST_ATTRIBUTE,
  MAX_RANGES,
  NO_RECORDED_VALUE,
  PushedPoint,
  type PushedKind,
  type PushSink,
  READ_ATTRIBUTES,
  type ReadPush,
  STEPS_OF_TURN,
} from "./pushed-request.ts";

/*
 * Numbers of fields in
 * https://github.com/open-telemetry/opentelemetry-proto/blob/v1.7.0/opentelemetry/proto/metrics/v1/metrics.proto
 */
const REQUEST = { resourceMetrics: 1 } as const;
const RESOURCE_METRICS = { resource: 1, scopeMetrics: 2 } as const;
const RESOURCE = { attributes: 1 } as const;
const SCOPE_METRICS = { metrics: 2 } as const;
const METRIC = { name: 1, unit: 3, gauge: 5, sum: 7, histogram: 9, exponentialHistogram: 10, summary: 11 } as const;
const DATA = { dataPoints: 1, aggregationTemporality: 2, isMonotonic: 3 } as const;
const NUMBER_POINT = { asDouble: 4, asInt: 6, attributes: 7, flags: 8 } as const;
const HISTOGRAM_POINT = { count: 4, sum: 5, bucketCounts: 6, explicitBounds: 7, attributes: 9, flags: 10 } as const;
const KEY_VALUE = { key: 1, value: 2 } as const;
const ANY_VALUE = { string: 1 } as const;

const KINDS: Readonly<Record<number, PushedKind>> = {
  [METRIC.gauge]: "other",
  [METRIC.sum]: "sum",
  [METRIC.histogram]: "histogram",
  [METRIC.exponentialHistogram]: "other",
  [METRIC.summary]: "other",
};

/** An attribute has two fields and its value one, though some give a field twice. */
const MAX_ATTRIBUTE_FIELDS = 16;

/** Reads the body of `POST /v1/metrics` in protobuf. @throws ProtobufProblem */
export function readProtobufPush(bytes: Buffer, sink: PushSink): ReadPush {
  return new ProtobufPush(sink).request(new ProtobufCursor(bytes));
}

class ProtobufPush {
  readonly #sink: PushSink;
  readonly #point = new PushedPoint();
  #steps = 0;

  constructor(sink: PushSink) {
    this.#sink = sink;
  }

  #isTurnOver(): boolean {
    this.#steps += 1;
    if (this.#steps < STEPS_OF_TURN) return false;
    this.#steps = 0;
    return true;
  }

  *request(request: ProtobufCursor): ReadPush {
    while (request.next()) {
      if (this.#isTurnOver()) yield;
      if (request.field === REQUEST.resourceMetrics) {
        const serviceName = yield* this.#serviceName(request.nested("resource_metrics"));
        yield* this.#scopes(request.nested("resource_metrics"), serviceName);
      }
    }
  }

  /** What is about all metrics of a resource may be behind them. */
  *#serviceName(group: ProtobufCursor): Generator<undefined, string> {
    let name = "";
    while (group.next()) {
      if (this.#isTurnOver()) yield;
      if (group.field !== RESOURCE_METRICS.resource) continue;
      const resource = group.nested("resource");
      while (resource.next()) {
        if (this.#isTurnOver()) yield;
        if (resource.field !== RESOURCE.attributes) continue;
        const [key, value] = readAttribute(resource.nested("attributes"), SERVICE_NAME);
        if (key !== undefined) name = value ?? "";
      }
    }
    return name;
  }

  *#scopes(group: ProtobufCursor, serviceName: string): ReadPush {
    while (group.next()) {
      if (this.#isTurnOver()) yield;
      if (group.field !== RESOURCE_METRICS.scopeMetrics) continue;
      const scope = group.nested("scope_metrics");
      while (scope.next()) {
        if (this.#isTurnOver()) yield;
        if (scope.field === SCOPE_METRICS.metrics) yield* this.#metric(scope.nested("metrics"), serviceName);
      }
    }
  }

  *#metric(metric: ProtobufCursor, serviceName: string): ReadPush {
    let [name, unit] = ["", ""];
    let kind: PushedKind = "none";
    let data: ProtobufCursor | undefined;
    while (metric.next()) {
      if (this.#isTurnOver()) yield;
      if (metric.field === METRIC.name) name = metric.string("name");
      else if (metric.field === METRIC.unit) unit = metric.string("unit");
      const found = KINDS[metric.field];
      if (found === undefined) continue;
      kind = found;
      data = metric.nested("data");
    }
    if (!data) return void this.#sink.begin({ name, unit, kind, isDelta: false, isMonotonic: false, serviceName });
    let [isDelta, isMonotonic] = [false, false];
    // What is about all points may be behind them.
    while (data.next()) {
      if (this.#isTurnOver()) yield;
      if (kind === "other") continue;
      if (data.field === DATA.aggregationTemporality) isDelta = data.varint("aggregation_temporality") === DELTA;
      else if (data.field === DATA.isMonotonic && kind === "sum") isMonotonic = data.varint("is_monotonic") !== 0;
    }
    const isRead = this.#sink.begin({ name, unit, kind, isDelta, isMonotonic, serviceName });
    let refused = 0;
    data.rewind();
    while (data.next()) {
      if (this.#isTurnOver()) yield;
      if (data.field !== DATA.dataPoints) continue;
      if (isRead) yield* this.#pointOf(kind, data.nested("data_points"));
      else refused += 1;
    }
    if (refused > 0) this.#sink.refuse(refused);
  }

  *#pointOf(kind: PushedKind, fields: ProtobufCursor): ReadPush {
    const point = this.#point;
    point.clear();
    while (fields.next()) {
      if (this.#isTurnOver()) yield;
      if (kind === "sum") readNumber(point, fields);
      else readHistogram(point, fields);
    }
    this.#sink.take(point);
  }
}

function readNumber(point: PushedPoint, fields: ProtobufCursor): void {
  switch (fields.field) {
    case NUMBER_POINT.asDouble:
      point.value = fields.double("as_double");
      return;
    case NUMBER_POINT.asInt:
      point.value = fields.signedFixed64("as_int");
      return;
    case NUMBER_POINT.attributes:
      return addAttribute(point, fields);
    case NUMBER_POINT.flags:
      point.isEmpty = fields.varint("flags") % 2 === NO_RECORDED_VALUE;
  }
}

function readHistogram(point: PushedPoint, fields: ProtobufCursor): void {
  switch (fields.field) {
    case HISTOGRAM_POINT.count:
      point.value = fields.fixed64("count");
      return;
    case HISTOGRAM_POINT.sum:
      point.sum = fields.double("sum");
      return;
    case HISTOGRAM_POINT.bucketCounts:
      return addNumbers(point, point.counts, fields.count64("bucket_counts"), (index) => fields.fixed64At(index));
    case HISTOGRAM_POINT.explicitBounds:
      return addNumbers(point, point.bounds, fields.count64("explicit_bounds"), (index) => fields.doubleAt(index));
    case HISTOGRAM_POINT.attributes:
      return addAttribute(point, fields);
    case HISTOGRAM_POINT.flags:
      point.isEmpty = fields.varint("flags") % 2 === NO_RECORDED_VALUE;
  }
}

function addNumbers(point: PushedPoint, list: number[], count: number, numberAt: (index: number) => number): void {
  if (list.length + count > MAX_RANGES) point.isTooLong = true;
  else for (let index = 0; index < count; index++) list.push(numberAt(index));
}

function addAttribute(point: PushedPoint, fields: ProtobufCursor): void {
  const [key, value] = readAttribute(fields.nested("attributes"), READ_ATTRIBUTES);
  if (key === undefined) return;
  if (value === undefined) point.attributes.delete(key);
  else point.attributes.set(key, value);
}

const SERVICE_NAME: ReadonlySet<string> = new Set(["service.name"]);

/** @returns the name, if it is among those that are wanted, and the value, if it is a text */
function readAttribute(
  attribute: ProtobufCursor,
  wanted: ReadonlySet<string>,
): readonly [key: string | undefined, value: string | undefined] {
  let key: string | undefined;
  let value: string | undefined;
  for (let count = 0; attribute.next(); count++) {
    if (count === MAX_ATTRIBUTE_FIELDS) throw new ProtobufProblem("an attribute has too many fields");
    if (attribute.field === KEY_VALUE.key) {
      const isShort = attribute.end - attribute.start <= LONGEST_ATTRIBUTE;
      const name = isShort ? attribute.string("key") : "";
      key = wanted.has(name) ? name : undefined;
    } else if (attribute.field === KEY_VALUE.value) value = readText(attribute.nested("value"));
  }
  return [key, value];
}

function readText(value: ProtobufCursor): string | undefined {
  let text: string | undefined;
  for (let count = 0; value.next(); count++) {
    if (count === MAX_ATTRIBUTE_FIELDS) throw new ProtobufProblem("an attribute has too many fields");
    text = value.field === ANY_VALUE.string ? value.string("string_value") : undefined;
  }
  return text;
}
