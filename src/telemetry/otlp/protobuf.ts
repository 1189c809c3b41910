import type { Field, Message, MessageValue, ScalarKind } from "./message.ts";
import { ProtobufBytes } from "./protobuf-bytes.ts";

/** https://protobuf.dev/programming-guides/encoding/#structure */
const WIRE = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

const WIRE_OF = {
  string: WIRE.bytes,
  id: WIRE.bytes,
  anyValue: WIRE.bytes,
  attributes: WIRE.bytes,
  bool: WIRE.varint,
  varint: WIRE.varint,
  integer: WIRE.varint,
  double: WIRE.fixed64,
  fixed64: WIRE.fixed64,
  time: WIRE.fixed64,
  fixed32: WIRE.fixed32,
} as const satisfies Record<ScalarKind, number>;

/** Fields of `KeyValue`, `AnyValue` and `ArrayValue`. */
const KEY = 1;
const VALUE = 2;
const ANY = { string: 1, bool: 2, int: 3, double: 4, array: 5 } as const;
const ENTRY = 1;

/** Writes a message of OTLP in protobuf. */
export function writeProtobuf(message: Message, value: MessageValue): Uint8Array<ArrayBuffer> {
  const writer = new ProtobufWriter();
  writer.message(message, value);
  return writer.bytes();
}

class ProtobufWriter {
  private readonly out = new ProtobufBytes();

  bytes(): Uint8Array<ArrayBuffer> {
    return this.out.take();
  }

  message(message: Message, value: MessageValue): void {
    for (const name in message) {
      const field = message[name];
      const given = value[name];
      if (field !== undefined && given !== undefined) this.field(field, given);
    }
  }

  private field({ number, kind, repeated }: Field, value: unknown): void {
    if (!repeated) return this.one(number, kind, value);
    const entries = value as readonly unknown[];
    if (typeof kind === "object" || kind === "attributes" || WIRE_OF[kind] === WIRE.bytes) {
      for (const entry of entries) this.one(number, kind, entry);
      return;
    }
    if (entries.length === 0) return;
    this.out.tag(number, WIRE.bytes);
    this.out.nested(() => {
      for (const entry of entries) this.scalar(kind, entry);
    });
  }

  private one(number: number, kind: ScalarKind | Message, value: unknown): void {
    if (kind === "attributes") {
      const attributes = value as Readonly<Record<string, unknown>>;
      for (const name in attributes) if (attributes[name] !== undefined) this.attribute(number, name, attributes[name]);
      return;
    }
    this.out.tag(number, typeof kind === "object" ? WIRE.bytes : WIRE_OF[kind]);
    if (typeof kind === "object") this.out.nested(() => this.message(kind, value as MessageValue));
    else this.scalar(kind, value);
  }

  private attribute(number: number, name: string, value: unknown): void {
    this.out.tag(number, WIRE.bytes);
    this.out.nested(() => {
      this.one(KEY, "string", name);
      this.one(VALUE, "anyValue", value);
    });
  }

  private scalar(kind: Exclude<ScalarKind, "attributes">, value: unknown): void {
    switch (kind) {
      case "string":
        return this.out.string(String(value));
      case "id":
        return this.out.hex(String(value));
      case "anyValue":
        return this.out.nested(() => this.any(value));
      case "bool":
        return this.out.varint(value === true ? 1 : 0);
      case "varint":
        return this.out.varint(numberOf(value));
      case "integer":
        return this.out.integer(numberOf(value));
      case "double":
        return this.out.double(numberOf(value));
      case "fixed32":
        return this.out.fixed32(numberOf(value));
      case "fixed64":
        return this.out.fixed64(BigInt(numberOf(value)));
      case "time":
        return this.out.fixed64(nanoseconds(numberOf(value)));
    }
  }

  private any(value: unknown): void {
    if (typeof value === "string") this.one(ANY.string, "string", value);
    else if (typeof value === "boolean") this.one(ANY.bool, "bool", value);
    else if (typeof value === "number")
      this.one(
        Number.isSafeInteger(value) ? ANY.int : ANY.double,
        Number.isSafeInteger(value) ? "integer" : "double",
        value,
      );
    else if (Array.isArray(value)) {
      this.out.tag(ANY.array, WIRE.bytes);
      this.out.nested(() => {
        for (const entry of value) this.one(ENTRY, "anyValue", entry);
      });
    }
  }
}

/** A number as it is: with `Number` of one of more than 32 bits, compiled code is given up each time. */
const numberOf = (value: unknown): number => (typeof value === "number" ? value : Number(value));

/** Nanoseconds since the epoch, of which a number does not hold the last digits. */
export function nanoseconds(milliseconds: number): bigint {
  const whole = Math.floor(milliseconds);
  return BigInt(whole) * 1_000_000n + BigInt(Math.round((milliseconds - whole) * 1e6));
}
