const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const EMPTY_LINE = Buffer.from("\n\n");

/**
 * Finds where the events of a stream end, and remembers how far the one that has not ended has been looked through, so that
 * one that comes in many pieces is looked through once. Natively, at a hundredth of the cost, until a carriage return comes.
 */
export class EventEnds {
  #hasReturns = false;
  /** From the beginning of the event under way: how far it has been looked through, and where the line there begins. */
  #position = 0;
  #lineStart = 0;

  /** Nothing has been looked through of the event that is looked at next. */
  restart(): void {
    this.#position = 0;
    this.#lineStart = 0;
  }

  /** @param bytes those that are looked at next: the event under way from its beginning, and what is behind it */
  meet(bytes: Buffer): void {
    if (this.#hasReturns || bytes.indexOf(CARRIAGE_RETURN, this.#position) < 0) return;
    this.#hasReturns = true;
    this.restart();
  }

  /**
   * Where the event begins that has the byte before `until`, or an earlier one if that takes no search.
   * @param from where an event begins: the one under way, or the one behind the last end
   */
  skip(bytes: Buffer, from: number, until: number): number {
    const searched = from + Math.max(0, this.#position - 1);
    if (this.#hasReturns || until < searched + EMPTY_LINE.length) return from;
    const last = bytes.subarray(searched, until).lastIndexOf(EMPTY_LINE);
    if (last < 0) return from;
    this.restart();
    return searched + last + EMPTY_LINE.length;
  }

  /** The position behind the empty line that ends the event beginning at `from`, or 0 if it has not ended yet. */
  next(bytes: Buffer, from: number): number {
    if (this.#hasReturns) return this.#nextOfAny(bytes, from);
    const found = bytes.indexOf(EMPTY_LINE, from + Math.max(0, this.#position - 1));
    this.#position = found < 0 ? bytes.length - from : 0;
    return found < 0 ? 0 : found + EMPTY_LINE.length;
  }

  /** As {@link next}, wherever lines end with LF, CRLF or CR. */
  #nextOfAny(bytes: Buffer, from: number): number {
    let lineStart = from + this.#lineStart;
    let position = from + this.#position;
    for (; position < bytes.length; position++) {
      const byte = bytes[position];
      if (byte !== LINE_FEED && byte !== CARRIAGE_RETURN) continue;
      if (byte === CARRIAGE_RETURN) {
        // Whether a CR ends the line alone or with an LF is not known before the next byte.
        if (position + 1 === bytes.length) break;
        if (bytes[position + 1] === LINE_FEED) position++;
      }
      const isEmptyLine =
        position - lineStart < 1 || (position - lineStart === 1 && bytes[lineStart] === CARRIAGE_RETURN);
      if (isEmptyLine && lineStart > from) {
        this.restart();
        return position + 1;
      }
      lineStart = position + 1;
    }
    this.#position = position - from;
    this.#lineStart = lineStart - from;
    return 0;
  }
}
