import { isUtf8 } from "node:buffer";

/** How a value is encoded. https://protobuf.dev/programming-guides/encoding/#structure */
const WIRE = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

/** What is wrong with bytes that were to be a message of protobuf. */
export class ProtobufProblem extends Error {}

/** A field number of so many digits there is not. */
const MAX_FIELD = 0x1fff_ffff;
const MAX_VARINT_BYTES = 10;
const REPLACEMENT = "\uFFFD";

/**
 * Goes through the fields of one message of a stranger, in place: nothing is copied or made of what nobody asks for, and
 * what is nested is not looked into, so that its depth does not matter.
 */
export class ProtobufCursor {
  readonly #bytes: Buffer;
  readonly #begin: number;
  readonly #end: number;
  #at: number;
  /** Of the present field. */
  field = 0;
  wire = 0;
  /** Where its value is; of one with a length, what is behind that. */
  start = 0;
  end = 0;

  constructor(bytes: Buffer, start = 0, end = bytes.length) {
    this.#bytes = bytes;
    this.#begin = start;
    this.#at = start;
    this.#end = end;
  }

  /** Goes back to before the first field. */
  rewind(): void {
    this.#at = this.#begin;
  }

  /** Goes to the next field. @returns false at the end of the message. @throws ProtobufProblem */
  next(): boolean {
    if (this.#at >= this.#end) return false;
    const tag = this.#varint();
    this.wire = tag % 8;
    this.field = Math.floor(tag / 8);
    if (this.field === 0 || this.field > MAX_FIELD) throw new ProtobufProblem("a field has no number");
    this.start = this.#at;
    switch (this.wire) {
      case WIRE.varint:
        this.#varint();
        break;
      case WIRE.fixed64:
        this.#at += 8;
        break;
      case WIRE.fixed32:
        this.#at += 4;
        break;
      case WIRE.bytes: {
        const length = this.#varint();
        this.start = this.#at;
        this.#at += length;
        break;
      }
      default:
        throw new ProtobufProblem(`field ${this.field} is of the wire type ${this.wire}, which is not used`);
    }
    if (this.#at > this.#end) throw new ProtobufProblem("it ends early");
    this.end = this.#at;
    return true;
  }

  /** @throws ProtobufProblem if the present field is of another wire type */
  expect(wire: number, name: string): void {
    if (this.wire !== wire) {
      throw new ProtobufProblem(`field ${this.field}, ${name}, is of the wire type ${this.wire}, and not ${wire}`);
    }
  }

  /** The fields of the message that is the value of the present one. */
  nested(name: string): ProtobufCursor {
    this.expect(WIRE.bytes, name);
    return new ProtobufCursor(this.#bytes, this.start, this.end);
  }

  /** Exact up to 2^53. */
  varint(name: string): number {
    this.expect(WIRE.varint, name);
    const after = this.#at;
    this.#at = this.start;
    const value = this.#varint();
    this.#at = after;
    return value;
  }

  double(name: string): number {
    this.expect(WIRE.fixed64, name);
    return this.#bytes.readDoubleLE(this.start);
  }

  /** Without a sign; exact up to 2^53. */
  fixed64(name: string): number {
    this.expect(WIRE.fixed64, name);
    return unsigned(this.#bytes, this.start);
  }

  /** With a sign; exact up to 2^53. */
  signedFixed64(name: string): number {
    this.expect(WIRE.fixed64, name);
    return this.#bytes.readInt32LE(this.start + 4) * 2 ** 32 + this.#bytes.readUInt32LE(this.start);
  }

  /** @returns how many numbers of 64 bits the present field has, which may be packed */
  count64(name: string): number {
    if (this.wire === WIRE.fixed64) return 1;
    this.expect(WIRE.bytes, name);
    const length = this.end - this.start;
    if (length % 8 !== 0) throw new ProtobufProblem(`field ${this.field}, ${name}, ends within a number`);
    return length / 8;
  }

  /** One of {@link count64}, without a sign; exact up to 2^53. */
  fixed64At(index: number): number {
    return unsigned(this.#bytes, this.start + index * 8);
  }

  /** One of {@link count64}. */
  doubleAt(index: number): number {
    return this.#bytes.readDoubleLE(this.start + index * 8);
  }

  /** @throws ProtobufProblem if it is not UTF-8 */
  string(name: string): string {
    this.expect(WIRE.bytes, name);
    const text = this.#bytes.toString("utf8", this.start, this.end);
    if (text.includes(REPLACEMENT) && !isUtf8(this.#bytes.subarray(this.start, this.end))) {
      throw new ProtobufProblem(`field ${this.field}, ${name}, is not UTF-8`);
    }
    return text;
  }

  #varint(): number {
    const bytes = this.#bytes;
    const last = Math.min(this.#at + MAX_VARINT_BYTES, this.#end);
    let value = 0;
    let scale = 1;
    while (this.#at < last) {
      const byte = bytes[this.#at++] as number;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 0x80;
    }
    throw new ProtobufProblem(this.#at >= this.#end ? "it ends early" : "a number is too long");
  }
}

const unsigned = (bytes: Buffer, at: number): number => bytes.readUInt32LE(at + 4) * 2 ** 32 + bytes.readUInt32LE(at);
