/** One event of a stream, as its reader sees it. */
export interface ServerEvent {
  /** Of its `event` line; undefined if it has none. */
  readonly name: string | undefined;
  /** Its `data` lines, joined with line feeds. */
  readonly data: string;
}

/** An event is longer than what is kept of one. */
export class EventTooLong extends Error {}

const SPACE = " ";
const LINE_FEED = "\n";
const CARRIAGE_RETURN = "\r";

/**
 * Reads the events of a stream from its bytes, wherever these are cut (WHATWG HTML, "Interpreting an event stream").
 * Each is there with the byte that ends it. Takes time in proportion to the bytes, however small the pieces are.
 */
export class EventReader {
  readonly #decoder = new TextDecoder();
  readonly #maxCharacters: number;
  /** The beginning of a line that has not ended yet. */
  #line: string[] = [];
  #data: string[] = [];
  #name: string | undefined;
  /** How much of the unfinished event is kept. */
  #kept = 0;
  /** The last line ended with CR: an LF that follows belongs to it. */
  #skipsLineFeed = false;

  /** How much is kept of the event that has not ended. */
  get kept(): number {
    return this.#kept;
  }

  /** @param maxCharacters most that is kept of an event */
  constructor(maxCharacters: number) {
    this.#maxCharacters = maxCharacters;
  }

  /**
   * Reads on.
   * @param onEvent called with each event that has ended
   * @throws EventTooLong
   */
  push(bytes: Uint8Array, onEvent: (event: ServerEvent) => void): void {
    this.#read(this.#decoder.decode(bytes, { stream: true }), onEvent);
  }

  /** The stream has ended. Providers forget the empty line of their last event, which is then not known to be whole. */
  end(): ServerEvent | undefined {
    let last: ServerEvent | undefined;
    this.#read(`${this.#decoder.decode()}${LINE_FEED}${LINE_FEED}`, (event) => (last ??= event));
    return last;
  }

  #read(text: string, onEvent: (event: ServerEvent) => void): void {
    let start = 0;
    if (this.#skipsLineFeed && text !== "") {
      this.#skipsLineFeed = false;
      if (text.startsWith(LINE_FEED)) start = 1;
    }
    let carriageReturn = text.indexOf(CARRIAGE_RETURN, start);
    let lineFeed = text.indexOf(LINE_FEED, start);
    while (carriageReturn >= 0 || lineFeed >= 0) {
      const endsWithReturn = carriageReturn >= 0 && (lineFeed < 0 || carriageReturn < lineFeed);
      const end = endsWithReturn ? carriageReturn : lineFeed;
      this.#endLine(text.slice(start, end), onEvent);
      start = end + 1;
      if (endsWithReturn) {
        if (start === text.length) this.#skipsLineFeed = true;
        else if (lineFeed === start) start += 1;
        carriageReturn = text.indexOf(CARRIAGE_RETURN, start);
      }
      if (lineFeed >= 0 && lineFeed < start) lineFeed = text.indexOf(LINE_FEED, start);
    }
    if (start < text.length) this.#keep(this.#line, text.slice(start));
  }

  #keep(list: string[], text: string): void {
    this.#kept += text.length;
    if (this.#kept > this.#maxCharacters) throw new EventTooLong();
    list.push(text);
  }

  #endLine(rest: string, onEvent: (event: ServerEvent) => void): void {
    let line = rest;
    if (this.#line.length > 0) {
      for (const piece of this.#line) this.#kept -= piece.length;
      line = this.#line.join("") + rest;
      this.#line = [];
    }
    if (line === "") return this.#endEvent(onEvent);
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    if (field !== "data" && field !== "event") return;
    const value = colon < 0 ? "" : line.slice(line[colon + 1] === SPACE ? colon + 2 : colon + 1);
    if (field === "data") this.#keep(this.#data, value);
    else this.#name = value;
  }

  #endEvent(onEvent: (event: ServerEvent) => void): void {
    const name = this.#name;
    const data = this.#data;
    this.#name = undefined;
    this.#kept = 0;
    if (data.length === 0) return;
    this.#data = [];
    onEvent({ name, data: data.length === 1 ? (data[0] ?? "") : data.join(LINE_FEED) });
  }
}
