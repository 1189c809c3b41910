const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/**
 * True if `tail`, the last bytes of an event stream, ends between two events, so that a new event may be appended.
 * Events end with an empty line; lines end with LF, CRLF or CR (WHATWG HTML, "Parsing an event stream").
 */
export function endsEvent(tail: Uint8Array): boolean {
  const beforeLastLineEnd = skipLineEnd(tail, tail.length);
  if (beforeLastLineEnd === tail.length) return tail.length === 0;
  return beforeLastLineEnd === 0 || skipLineEnd(tail, beforeLastLineEnd) < beforeLastLineEnd;
}

/** The position before the line end that stops at `end`, or `end` itself if no line ends there. */
function skipLineEnd(bytes: Uint8Array, end: number): number {
  const last = bytes[end - 1];
  if (last === LINE_FEED) return bytes[end - 2] === CARRIAGE_RETURN ? end - 2 : end - 1;
  return last === CARRIAGE_RETURN ? end - 1 : end;
}

/** The data of one event, and a way to put other data in its place. */
export interface EventData {
  readonly bytes: Buffer;
  /** The event with other data and all else as it was; the data must have no line ends but those between its lines. */
  replace(data: Uint8Array): Uint8Array;
}

const DATA = Buffer.from("data");
const COLON = 0x3a;
const SPACE = 0x20;

interface Line {
  readonly start: number;
  readonly end: number;
}

/**
 * The data of an event, its `data` lines joined (WHATWG HTML, "Interpreting an event stream").
 * @param event the bytes of the event, with or without its closing empty line
 * @returns undefined if it has none: a comment, an `event` line alone
 */
export function readEventData(event: Buffer): EventData | undefined {
  const lines = dataLines(event);
  const [first, ...more] = lines;
  if (!first) return undefined;
  if (more.length === 0) {
    return {
      bytes: event.subarray(first.start, first.end),
      replace: (data) => Buffer.concat([event.subarray(0, first.start), data, event.subarray(first.end)]),
    };
  }
  const joined = lines.map(({ start, end }) => event.toString("utf8", start, end)).join("\n");
  return {
    bytes: Buffer.from(joined),
    replace: (data) => Buffer.from(`data: ${Buffer.from(data).toString("utf8").replaceAll("\n", "\ndata: ")}\n\n`),
  };
}

/** Where the values of the `data` lines are. */
function dataLines(event: Buffer): Line[] {
  const lines: Line[] = [];
  let lineFeed = -1;
  for (let start = 0; start < event.length;) {
    // Searched for once, not once for each of the lines before it, which may all end with CR.
    if (lineFeed < start) lineFeed = lineFeedFrom(event, start);
    const carriageReturn = event.subarray(start, lineFeed).indexOf(CARRIAGE_RETURN);
    const end = carriageReturn < 0 ? lineFeed : start + carriageReturn;
    if (event[start + DATA.length] === COLON && event.compare(DATA, 0, DATA.length, start, start + DATA.length) === 0) {
      const value = start + DATA.length + 1;
      lines.push({ start: event[value] === SPACE ? value + 1 : value, end });
    }
    start = event[end] === CARRIAGE_RETURN && event[end + 1] === LINE_FEED ? end + 2 : end + 1;
  }
  return lines;
}

/** The next line feed, or the end. */
function lineFeedFrom(event: Buffer, from: number): number {
  const lineFeed = event.indexOf(LINE_FEED, from);
  return lineFeed < 0 ? event.length : lineFeed;
}
