import { type ProtobufCursor, ProtobufProblem } from "../../otlp/protobuf-cursor.ts";
import {
  LONGEST_ATTRIBUTE,
  MAX_RANGES,
  NO_RECORDED_VALUE,
  type PushedPoint,
  READ_ATTRIBUTES,
} from "./pushed-request.ts";

/*
 * Numbers of fields in
 * https://github.com/open-telemetry/opentelemetry-proto/blob/v1.7.0/opentelemetry/proto/metrics/v1/metrics.proto
 */
const NUMBER_POINT = { asDouble: 4, asInt: 6, attributes: 7, flags: 8 } as const;
const HISTOGRAM_POINT = { count: 4, sum: 5, bucketCounts: 6, explicitBounds: 7, attributes: 9, flags: 10 } as const;
const KEY_VALUE = { key: 1, value: 2 } as const;
const ANY_VALUE = { string: 1 } as const;

/** An attribute has two fields and its value one, though some give a field twice. */
const MAX_ATTRIBUTE_FIELDS = 16;

/** Takes one field of a point of a sum. */
export function readNumber(point: PushedPoint, fields: ProtobufCursor): void {
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

/** Takes one field of a point of a histogram. */
export function readHistogram(point: PushedPoint, fields: ProtobufCursor): void {
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

/** @returns the name, if it is among those that are wanted, and the value, if it is a text */
export function readAttribute(
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
