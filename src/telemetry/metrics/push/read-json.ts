import { isJsonObject, type JsonObject } from "../../../core/json/parse.ts";
import {
  DELTA,
  MAX_RANGES,
  NO_RECORDED_VALUE,
  PushedPoint,
  type PushedKind,
  type PushSink,
  READ_ATTRIBUTES,
  type ReadPush,
  TurnSteps,
} from "./pushed-request.ts";

/** What is wrong with a value that was to be a request. */
export class JsonProblem extends Error {}

const KINDS: Readonly<Record<string, PushedKind>> = {
  gauge: "other",
  sum: "sum",
  histogram: "histogram",
  exponentialHistogram: "other",
  summary: "other",
};

/**
 * Reads the body of `POST /v1/metrics` in JSON. Names of members may be written as in protobuf, too, as Go's readers take
 * them. https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
 * @throws JsonProblem
 */
export function readJsonPush(request: JsonObject, sink: PushSink): ReadPush {
  return new JsonPush(sink).request(request);
}

/** So many numbers of a list are as much work as a member. */
const NUMBERS_OF_STEP = 8;

class JsonPush {
  readonly #sink: PushSink;
  readonly #point = new PushedPoint();
  readonly #steps = new TurnSteps();

  constructor(sink: PushSink) {
    this.#sink = sink;
  }

  *request(request: JsonObject): ReadPush {
    for (const group of objectsIn(request, "resourceMetrics")) {
      if (this.#steps.isTurnOver()) yield;
      let serviceName = "";
      const resource = member(group, "resource") ?? {};
      for (const attribute of objectsIn(asObject(resource, "resource"), "attributes")) {
        if (this.#steps.isTurnOver()) yield;
        if (member(attribute, "key") === "service.name") serviceName = textIn(attribute) ?? "";
      }
      for (const scope of objectsIn(group, "scopeMetrics")) {
        if (this.#steps.isTurnOver()) yield;
        for (const metric of objectsIn(scope, "metrics")) {
          if (this.#steps.isTurnOver()) yield;
          yield* this.#metric(metric, serviceName);
        }
      }
    }
  }

  *#metric(metric: JsonObject, serviceName: string): ReadPush {
    const [found, ...more] = Object.keys(KINDS).filter((name) => (member(metric, name) ?? null) !== null);
    if (more.length > 0) throw new JsonProblem(`a metric has both ${found} and ${more[0]}`);
    const kind = found === undefined ? "none" : (KINDS[found] ?? "none");
    const data = found === undefined ? {} : asObject(member(metric, found), found);
    const temporality = member(data, "aggregationTemporality");
    const isRead = this.#sink.begin({
      name: stringIn(metric, "name"),
      unit: stringIn(metric, "unit"),
      kind,
      isDelta: temporality === DELTA || temporality === "AGGREGATION_TEMPORALITY_DELTA",
      isMonotonic: member(data, "isMonotonic") === true,
      serviceName,
    });
    const points = objectsIn(data, "dataPoints");
    if (!isRead) {
      if (points.length > 0) this.#sink.refuse(points.length);
      return;
    }
    for (const given of points) {
      if (this.#steps.isTurnOver()) yield;
      const point = this.#point;
      point.clear();
      for (const attribute of objectsIn(given, "attributes")) {
        if (this.#steps.isTurnOver()) yield;
        addAttribute(point, attribute);
      }
      if (kind === "sum") readNumber(point, given);
      else readHistogram(point, given);
      this.#steps.add((point.counts.length + point.bounds.length) / NUMBERS_OF_STEP);
      this.#sink.take(point);
    }
  }
}

function readNumber(point: PushedPoint, given: JsonObject): void {
  point.isEmpty = isEmpty(given);
  point.value = numberIn(given, "asInt") ?? numberIn(given, "asDouble");
}

function readHistogram(point: PushedPoint, given: JsonObject): void {
  point.isEmpty = isEmpty(given);
  point.value = numberIn(given, "count");
  point.sum = numberIn(given, "sum");
  for (const [name, list] of [["bucketCounts", point.counts] as const, ["explicitBounds", point.bounds] as const]) {
    const numbers = listIn(given, name);
    if (numbers.length > MAX_RANGES) point.isTooLong = true;
    else for (const each of numbers) list.push(asNumber(each, name));
  }
}

const isEmpty = (given: JsonObject): boolean => (numberIn(given, "flags") ?? 0) % 2 === NO_RECORDED_VALUE;

function addAttribute(point: PushedPoint, attribute: JsonObject): void {
  const key = member(attribute, "key");
  if (typeof key !== "string" || !READ_ATTRIBUTES.has(key)) return;
  const text = textIn(attribute);
  if (text === undefined) point.attributes.delete(key);
  else point.attributes.set(key, text);
}

function textIn(attribute: JsonObject): string | undefined {
  const value = member(attribute, "value");
  const text = isJsonObject(value) ? member(value, "stringValue") : undefined;
  return typeof text === "string" ? text : undefined;
}

/** The names of members in protobuf, by those in JSON. */
const OTHER_NAMES = new Map(
  [
    ...["resourceMetrics", "scopeMetrics", "aggregationTemporality", "isMonotonic", "dataPoints", "bucketCounts"],
    ...["explicitBounds", "asInt", "asDouble", "stringValue", "exponentialHistogram"],
  ].map((name) => [name, name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)] as const),
);

function member(object: JsonObject, name: string): unknown {
  const found = object[name];
  if (found !== undefined) return found;
  const other = OTHER_NAMES.get(name);
  return other === undefined ? undefined : object[other];
}

function asObject(value: unknown, name: string): JsonObject {
  if (!isJsonObject(value)) throw new JsonProblem(`${name} must be an object`);
  return value;
}

function listIn(object: JsonObject, name: string): readonly unknown[] {
  const value = member(object, name) ?? [];
  if (!Array.isArray(value)) throw new JsonProblem(`${name} must be a list`);
  return value;
}

/** Checked one by one, as they are reached. */
function objectsIn(object: JsonObject, name: string): { readonly length: number } & Iterable<JsonObject> {
  const list = listIn(object, name);
  return {
    length: list.length,
    *[Symbol.iterator]() {
      for (const each of list) yield asObject(each, `an element of ${name}`);
    },
  };
}

function stringIn(object: JsonObject, name: string): string {
  const value = member(object, name) ?? "";
  if (typeof value !== "string") throw new JsonProblem(`${name} must be a text`);
  return value;
}

const SPECIAL: ReadonlySet<string> = new Set(["NaN", "Infinity", "-Infinity"]);
const DECIMAL = /^-?\d{1,400}(?:\.\d{1,400})?(?:[eE][+-]?\d{1,4})?$/;

/** Whole numbers of 64 bits are written as texts. */
function asNumber(value: unknown, name: string): number {
  if (typeof value === "number") return value;
  if (typeof value === "string" && (SPECIAL.has(value) || DECIMAL.test(value))) return Number(value);
  throw new JsonProblem(`${name} must be a number`);
}

function numberIn(object: JsonObject, name: string): number | undefined {
  const value = member(object, name) ?? undefined;
  return value === undefined ? undefined : asNumber(value, name);
}
