/** Initial size; it grows with what is written. */
const CAPACITY = 16 * 1024;
const MAX_VARINT = 10;

/** Bytes of protobuf. A class, because its buffer grows: what is nested is written in place, and moved by its length. */
export class ProtobufBytes {
  private bytes = Buffer.allocUnsafe(CAPACITY);
  private length = 0;

  /** What was written. */
  take(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.bytes.subarray(0, this.length));
  }

  tag(number: number, wire: number): void {
    this.varint(number * 8 + wire);
  }

  string(text: string): void {
    if (text.length < 0x80 && this.ascii(text)) return;
    // At most three bytes for each unit of UTF-16.
    this.reserve(text.length * 3);
    const start = this.length;
    this.length += this.bytes.write(text, start, "utf8");
    this.insertLength(start);
  }

  /** Most texts are short names, which a loop writes in a fifth of the time; false if it is not ASCII. */
  private ascii(text: string): boolean {
    const { length } = text;
    this.reserve(length + 1);
    const bytes = this.bytes;
    const start = this.length + 1;
    for (let index = 0; index < length; index++) {
      const code = text.charCodeAt(index);
      if (code > 0x7e) return false;
      bytes[start + index] = code;
    }
    bytes[start - 1] = length;
    this.length = start + length;
    return true;
  }

  nested(write: () => void): void {
    const start = this.length;
    write();
    this.insertLength(start);
  }

  /** Puts the length of what was written since `start` in front of it. */
  private insertLength(start: number): void {
    const length = this.length - start;
    const size = length < 0x80 ? 1 : length < 0x4000 ? 2 : length < 0x20_0000 ? 3 : length < 0x1000_0000 ? 4 : 5;
    this.reserve(size);
    this.bytes.copyWithin(start + size, start, this.length);
    this.length = start;
    this.varint(length);
    this.length = start + size + length;
  }

  varint(value: number): void {
    this.reserve(MAX_VARINT);
    let rest = value;
    while (rest >= 0x80) {
      this.bytes[this.length++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.bytes[this.length++] = rest;
  }

  /** A negative number is written as one of 64 bits without a sign. */
  integer(value: number): void {
    if (value >= 0) return this.varint(value);
    this.reserve(MAX_VARINT);
    let rest = BigInt.asUintN(64, BigInt(value));
    while (rest >= 0x80n) {
      this.bytes[this.length++] = Number(rest & 0x7fn) | 0x80;
      rest >>= 7n;
    }
    this.bytes[this.length++] = Number(rest);
  }

  /** Bytes that are given in hexadecimal. */
  hex(digits: string): void {
    this.varint(digits.length / 2);
    this.reserve(digits.length / 2);
    this.length += this.bytes.write(digits, this.length, "hex");
  }

  double(value: number): void {
    this.reserve(8);
    this.length = this.bytes.writeDoubleLE(value, this.length);
  }

  fixed32(value: number): void {
    this.reserve(4);
    this.length = this.bytes.writeUInt32LE(value, this.length);
  }

  fixed64(value: bigint): void {
    this.reserve(8);
    this.length = this.bytes.writeBigUInt64LE(value, this.length);
  }

  private reserve(bytes: number): void {
    const needed = this.length + bytes;
    if (needed <= this.bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(needed, this.bytes.length * 2));
    larger.set(this.bytes.subarray(0, this.length));
    this.bytes = larger;
  }
}
