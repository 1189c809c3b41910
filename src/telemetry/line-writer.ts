/** Initial size in bytes; it grows with what is written to it. */
const CAPACITY = 8 * 1024;
/** A buffer that is larger goes back to its initial size when it is empty. */
const MAX_KEPT_CAPACITY = 64 * 1024;

const DIGIT_ZERO = 0x30;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const POINT = 0x2e;

/**
 * Text on its way out, as UTF-8 bytes. What every request writes is put together here byte by byte, because a string made
 * of thirty others costs more than all their characters. A class for the same reason: its methods are compiled as one.
 */
export class LineBuffer {
  #bytes: Buffer = Buffer.allocUnsafe(CAPACITY);
  /** Bytes written so far; set back, it forgets what was written behind them. */
  length = 0;
  /** For when what is written to now is taken. */
  #spare: Buffer | undefined;

  /** Writes text as it is. */
  text(text: string): void {
    this.#reserve(text.length);
    const bytes = this.#bytes;
    const start = this.length;
    for (let index = 0; index < text.length; index++) {
      const code = text.charCodeAt(index);
      if (code > 0x7e) return this.#encode(text);
      bytes[start + index] = code;
    }
    this.length = start + text.length;
  }

  /** Writes text as a JSON string. */
  quoted(text: string): void {
    this.#reserve(text.length + 2);
    const bytes = this.#bytes;
    const start = this.length + 1;
    for (let index = 0; index < text.length; index++) {
      const code = text.charCodeAt(index);
      if (code < 0x20 || code > 0x7e || code === QUOTE || code === BACKSLASH) return this.text(JSON.stringify(text));
      bytes[start + index] = code;
    }
    const end = start + text.length;
    bytes[start - 1] = QUOTE;
    bytes[end] = QUOTE;
    this.length = end + 1;
  }

  /** Writes a number as JSON has it. */
  number(value: number): void {
    // The loops below are fast for numbers of 32 bits, if no division has a rest: one that has is done in floating point, for
    // which compiled code was not made.
    if (value !== (value | 0) || value < 0) return this.text(JSON.stringify(value));
    let digits = 1;
    for (let limit = 10; value >= limit; limit *= 10) digits++;
    this.#reserve(digits);
    const bytes = this.#bytes;
    let rest = value;
    for (let at = this.length + digits - 1; at >= this.length; at--) {
      const digit = rest % 10;
      bytes[at] = DIGIT_ZERO + digit;
      rest = (rest - digit) / 10;
    }
    this.length += digits;
  }

  /** Writes a number with at most two decimals. */
  hundredths(value: number): void {
    const hundredths = Math.round(value * 100);
    if (hundredths !== (hundredths | 0) || hundredths < 0) return this.number(hundredths / 100);
    const fraction = hundredths % 100;
    this.number((hundredths - fraction) / 100);
    if (fraction === 0) return;
    const last = fraction % 10;
    this.#reserve(3);
    this.#bytes[this.length++] = POINT;
    this.#bytes[this.length++] = DIGIT_ZERO + (fraction - last) / 10;
    if (last !== 0) this.#bytes[this.length++] = DIGIT_ZERO + last;
  }

  /** The line that was written last, without its line feed. */
  lastLine(): string {
    const end = this.length - 1;
    return this.#bytes.toString("utf8", this.#bytes.lastIndexOf("\n", end - 1) + 1, end);
  }

  /**
   * Takes what was written first; the rest stays. The bytes are the caller's, who may give them back.
   * @returns a part of an array that is used again after that
   */
  take(length: number = this.length): Buffer {
    const bytes = this.#bytes;
    const rest = this.length - length;
    const next = this.#spare && this.#spare.length >= rest ? this.#spare : Buffer.allocUnsafe(Math.max(CAPACITY, rest));
    this.#spare = undefined;
    if (rest > 0) bytes.copy(next, 0, length, this.length);
    this.#bytes = next;
    this.length = rest;
    return bytes.subarray(0, length);
  }

  /**
   * Uses again what was taken, whole or cut, and is needed no more: an array for each batch would be collected as often. A copy
   * of it, which may be smaller, is left alone.
   */
  giveBack(taken: Buffer): void {
    const size = taken.buffer.byteLength;
    if (size < CAPACITY || size > MAX_KEPT_CAPACITY) return;
    this.#spare ??= Buffer.from(taken.buffer);
  }

  #encode(text: string): void {
    this.#reserve(text.length * 3);
    this.length += this.#bytes.write(text, this.length, "utf8");
  }

  #reserve(bytes: number): void {
    const needed = this.length + bytes;
    if (needed <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(needed, this.#bytes.length * 2));
    larger.set(this.#bytes.subarray(0, this.length));
    this.#bytes = larger;
  }
}

/** Levels of the lines that are written with every request; unexpected errors, which are rare, have one of their own. */
export type LineLevel = (typeof LEVELS)[number];
const LEVELS = ["debug", "info", "warn"] as const;

/** What lines are written to, at once or later. */
interface LineTaker extends Pick<LineWriter, "defer" | "catchUp"> {
  readonly buffer: LineBuffer;
  /** The line that was written to the buffer is whole. Asked for with each line: another may take its place. */
  readonly end: (isFailure: boolean) => void;
}

/** Writes lines member by member, straight into the buffer that they go out from. One line at a time. */
export interface LineWriter {
  /**
   * Starts a line. The result takes its members, each after a comma.
   * @param time of what it tells, in milliseconds since the epoch
   */
  begin(level: LineLevel, time: number): LineBuffer;
  end(message: string): void;
  /** Forgets the line that was begun: it cannot be written. */
  abandon(): void;
  /**
   * For lines that are written later, and in order all the same.
   * @param write writes all that are due, and is called before any other line is begun
   * @returns to be called when there are some: they are written soon, and if that is urgent, in the next turn
   */
  defer(write: () => void): (isUrgent: boolean) => void;
  /** Writes what was deferred now. */
  catchUp(): void;
}

/**
 * Makes what writes lines with a level, a time and what is in every line, in the form of `createLeveledLog`.
 * @param lines takes the lines: each into its buffer, and then its end
 * @param base the members of every line
 */
export function createLineWriter(lines: LineTaker, base: object): LineWriter {
  const { buffer, defer, catchUp } = lines;
  const inEveryLine = JSON.stringify(base).slice(1, -1);
  /** A line's beginning up to the milliseconds of its time, which is the same for a second. */
  const begins = { debug: "", info: "", warn: "" };
  let second = 0;
  let isFailure = false;
  /** Where in the buffer the line begins. */
  let start = 0;
  return {
    defer,
    catchUp,
    begin(level, time) {
      isFailure = level === "warn";
      start = buffer.length;
      if (time - second >= 1000 || time < second) {
        second = time - (time % 1000);
        const beginOfTime = new Date(second).toISOString().slice(0, -4);
        for (const known of LEVELS) begins[known] = `{"level":"${known}","time":"${beginOfTime}`;
      }
      const milliseconds = time - second;
      buffer.text(begins[level]);
      if (milliseconds < 100) buffer.text(milliseconds < 10 ? "00" : "0");
      buffer.number(milliseconds);
      buffer.text('Z",');
      buffer.text(inEveryLine);
      return buffer;
    },
    end(message) {
      buffer.text(',"msg":');
      buffer.quoted(message);
      buffer.text("}\n");
      lines.end(isFailure);
    },
    abandon: () => void (buffer.length = start),
  };
}
