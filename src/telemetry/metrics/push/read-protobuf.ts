import { ProtobufCursor } from "../../otlp/protobuf-cursor.ts";
import { readAttribute, readHistogram, readNumber } from "./protobuf-points.ts";
import { DELTA, PushedPoint, type PushedKind, type PushSink, type ReadPush, TurnSteps } from "./pushed-request.ts";

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

const KINDS: Readonly<Record<number, PushedKind>> = {
  [METRIC.gauge]: "other",
  [METRIC.sum]: "sum",
  [METRIC.histogram]: "histogram",
  [METRIC.exponentialHistogram]: "other",
  [METRIC.summary]: "other",
};

const BYTES_OF_STEP = 64;

const SERVICE_NAME: ReadonlySet<string> = new Set(["service.name"]);

/** Reads the body of `POST /v1/metrics` in protobuf. @throws ProtobufProblem */
export function readProtobufPush(bytes: Buffer, sink: PushSink): ReadPush {
  return new ProtobufPush(sink).request(new ProtobufCursor(bytes));
}

class ProtobufPush {
  readonly #sink: PushSink;
  readonly #point = new PushedPoint();
  readonly #steps = new TurnSteps();

  constructor(sink: PushSink) {
    this.#sink = sink;
  }

  *request(request: ProtobufCursor): ReadPush {
    while (request.next()) {
      if (this.#steps.isTurnOver()) yield;
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
      if (this.#steps.isTurnOver()) yield;
      if (group.field !== RESOURCE_METRICS.resource) continue;
      const resource = group.nested("resource");
      while (resource.next()) {
        if (this.#steps.isTurnOver()) yield;
        if (resource.field !== RESOURCE.attributes) continue;
        const [key, value] = readAttribute(resource.nested("attributes"), SERVICE_NAME);
        if (key !== undefined) name = value ?? "";
      }
    }
    return name;
  }

  *#scopes(group: ProtobufCursor, serviceName: string): ReadPush {
    while (group.next()) {
      if (this.#steps.isTurnOver()) yield;
      if (group.field !== RESOURCE_METRICS.scopeMetrics) continue;
      const scope = group.nested("scope_metrics");
      while (scope.next()) {
        if (this.#steps.isTurnOver()) yield;
        if (scope.field === SCOPE_METRICS.metrics) yield* this.#metric(scope.nested("metrics"), serviceName);
      }
    }
  }

  *#metric(metric: ProtobufCursor, serviceName: string): ReadPush {
    let [name, unit] = ["", ""];
    let kind: PushedKind = "none";
    let data: ProtobufCursor | undefined;
    while (metric.next()) {
      if (this.#steps.isTurnOver()) yield;
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
      if (this.#steps.isTurnOver()) yield;
      if (kind === "other") continue;
      if (data.field === DATA.aggregationTemporality) isDelta = data.varint("aggregation_temporality") === DELTA;
      else if (data.field === DATA.isMonotonic && kind === "sum") isMonotonic = data.varint("is_monotonic") !== 0;
    }
    const isRead = this.#sink.begin({ name, unit, kind, isDelta, isMonotonic, serviceName });
    let refused = 0;
    data.rewind();
    while (data.next()) {
      if (this.#steps.isTurnOver()) yield;
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
      if (this.#steps.isTurnOver()) yield;
      // A long list of numbers is as much work as some fields.
      this.#steps.add((fields.end - fields.start) / BYTES_OF_STEP);
      if (kind === "sum") readNumber(point, fields);
      else readHistogram(point, fields);
    }
    this.#sink.take(point);
  }
}
