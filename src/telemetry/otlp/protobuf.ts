import type { Field, Message, MessageValue, ScalarKind } from "./message.ts";

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

const CAPACITY = 16 * 1024;
const MAX_VARINT = 10;

/** A class, because its buffer grows: what is nested is written in place, and moved by the length in front of it. */
class ProtobufWriter {
  #bytes = Buffer.allocUnsafe(CAPACITY);
  #length = 0;

  bytes(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#bytes.subarray(0, this.#length));
  }

  message(message: Message, value: MessageValue): void {
    for (const name in message) {
      const field = message[name];
      const given = value[name];
      if (field !== undefined && given !== undefined) this.#field(field, given);
    }
  }

  #field({ number, kind, repeated }: Field, value: unknown): void {
    if (!repeated) return this.#one(number, kind, value);
    const entries = value as readonly unknown[];
    if (typeof kind === "object" || kind === "attributes" || WIRE_OF[kind] === WIRE.bytes) {
      for (const entry of entries) this.#one(number, kind, entry);
      return;
    }
    if (entries.length === 0) return;
    this.#tag(number, WIRE.bytes);
    this.#nested(() => {
      for (const entry of entries) this.#scalar(kind, entry);
    });
  }

  #one(number: number, kind: ScalarKind | Message, value: unknown): void {
    if (kind === "attributes") {
      const attributes = value as Readonly<Record<string, unknown>>;
      for (const name in attributes)
        if (attributes[name] !== undefined) this.#attribute(number, name, attributes[name]);
      return;
    }
    this.#tag(number, typeof kind === "object" ? WIRE.bytes : WIRE_OF[kind]);
    if (typeof kind === "object") this.#nested(() => this.message(kind, value as MessageValue));
    else this.#scalar(kind, value);
  }

  #attribute(number: number, name: string, value: unknown): void {
    this.#tag(number, WIRE.bytes);
    this.#nested(() => {
      this.#one(KEY, "string", name);
      this.#one(VALUE, "anyValue", value);
    });
  }

  #scalar(kind: Exclude<ScalarKind, "attributes">, value: unknown): void {
    switch (kind) {
      case "string":
        return this.#string(String(value));
      case "id": {
        const text = String(value);
        this.#varint(text.length / 2);
        this.#reserve(text.length);
        this.#length += this.#bytes.write(text, this.#length, "hex");
        return;
      }
      case "anyValue":
        return this.#nested(() => this.#any(value));
      case "bool":
        return this.#varint(value === true ? 1 : 0);
      case "varint":
        return this.#varint(Number(value));
      case "integer":
        return this.#integer(Number(value));
      case "double":
        this.#reserve(8);
        this.#length = this.#bytes.writeDoubleLE(Number(value), this.#length);
        return;
      case "fixed32":
        this.#reserve(4);
        this.#length = this.#bytes.writeUInt32LE(Number(value), this.#length);
        return;
      case "fixed64":
        return this.#fixed64(BigInt(Number(value)));
      case "time":
        return this.#fixed64(nanoseconds(Number(value)));
    }
  }

  #any(value: unknown): void {
    if (typeof value === "string") this.#one(ANY.string, "string", value);
    else if (typeof value === "boolean") this.#one(ANY.bool, "bool", value);
    else if (typeof value === "number")
      this.#one(
        Number.isSafeInteger(value) ? ANY.int : ANY.double,
        Number.isSafeInteger(value) ? "integer" : "double",
        value,
      );
    else if (Array.isArray(value)) {
      this.#tag(ANY.array, WIRE.bytes);
      this.#nested(() => {
        for (const entry of value) this.#one(ENTRY, "anyValue", entry);
      });
    }
  }

  #tag(number: number, wire: number): void {
    this.#varint(number * 8 + wire);
  }

  #string(text: string): void {
    if (text.length < 0x80 && this.#ascii(text)) return;
    // At most three bytes for each unit of UTF-16.
    this.#reserve(text.length * 3);
    const start = this.#length;
    this.#length += this.#bytes.write(text, start, "utf8");
    this.#insertLength(start);
  }

  /** Most texts are short names, which a loop writes in a fifth of the time; false if it is not ASCII. */
  #ascii(text: string): boolean {
    const { length } = text;
    this.#reserve(length + 1);
    const bytes = this.#bytes;
    const start = this.#length + 1;
    for (let index = 0; index < length; index++) {
      const code = text.charCodeAt(index);
      if (code > 0x7e) return false;
      bytes[start + index] = code;
    }
    bytes[start - 1] = length;
    this.#length = start + length;
    return true;
  }

  #nested(write: () => void): void {
    const start = this.#length;
    write();
    this.#insertLength(start);
  }

  /** Puts the length of what was written since `start` in front of it. */
  #insertLength(start: number): void {
    const length = this.#length - start;
    const size = length < 0x80 ? 1 : length < 0x4000 ? 2 : length < 0x20_0000 ? 3 : length < 0x1000_0000 ? 4 : 5;
    this.#reserve(size);
    this.#bytes.copyWithin(start + size, start, this.#length);
    this.#length = start;
    this.#varint(length);
    this.#length = start + size + length;
  }

  #varint(value: number): void {
    this.#reserve(MAX_VARINT);
    let rest = value;
    while (rest >= 0x80) {
      this.#bytes[this.#length++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#bytes[this.#length++] = rest;
  }

  /** A negative number is written as one of 64 bits without a sign. */
  #integer(value: number): void {
    if (value >= 0) return this.#varint(value);
    this.#reserve(MAX_VARINT);
    let rest = BigInt.asUintN(64, BigInt(value));
    while (rest >= 0x80n) {
      this.#bytes[this.#length++] = Number(rest & 0x7fn) | 0x80;
      rest >>= 7n;
    }
    this.#bytes[this.#length++] = Number(rest);
  }

  #fixed64(value: bigint): void {
    this.#reserve(8);
    this.#length = this.#bytes.writeBigUInt64LE(value, this.#length);
  }

  #reserve(bytes: number): void {
    const needed = this.#length + bytes;
    if (needed <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(needed, this.#bytes.length * 2));
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
  }
}

/** Nanoseconds since the epoch, of which a number does not hold the last digits. */
export function nanoseconds(milliseconds: number): bigint {
  const whole = Math.floor(milliseconds);
  return BigInt(whole) * 1_000_000n + BigInt(Math.round((milliseconds - whole) * 1e6));
}
