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
