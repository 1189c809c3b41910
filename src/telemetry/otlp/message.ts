/**
 * How a value is written.
 * `id`: bytes, given in hexadecimal, as OTLP's JSON has them. `time`: nanoseconds, given in milliseconds with fractions.
 * `integer`: 64 bits with a sign; `fixed64`, `fixed32`, `varint`: without one, below 2^53. `attributes`: key and value of
 * each member of an object. `anyValue`: text, number, boolean or list.
 */
export type ScalarKind =
  | "string"
  | "bool"
  | "double"
  | "varint"
  | "integer"
  | "fixed32"
  | "fixed64"
  | "id"
  | "time"
  | "attributes"
  | "anyValue";

/** One field of a message: its number in protobuf and how it is written. */
export interface Field {
  readonly number: number;
  readonly kind: ScalarKind | Message;
  /** The value is a list, each entry a field of its own; numbers are packed together. */
  readonly repeated?: boolean;
}

/**
 * A message of OTLP, by the names of its fields in JSON: both encodings follow from it.
 * https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
 */
export interface Message {
  readonly [name: string]: Field;
}

/** A value of a message: members that are undefined are left out. */
export type MessageValue = Readonly<Record<string, unknown>>;
