import { asBuffer } from "../core/json/bytes.ts";

/** The members in which answers of all APIs say something: texts, thoughts, refusals, arguments of calls. */
const CONTENT =
  /"(?:content|text|reasoning_content|reasoning|thinking|refusal|arguments|partial_json|delta|transcript)"\s*:\s*"/g;

const EMPTY_LINE = /\r?\n\r?\n/;

/** Of events, nearly always. */
const SEPARATOR = 2;

/** In all events of the Responses API. */
const RESPONSES = '"response.';

/** Events of the Responses API that say again what others have said. */
const REPEATING = /"type"\s*:\s*"response\.[a-z_.]*(?:\.done|\.added|created|in_progress|completed|incomplete|failed)"/;

const BACKSLASH = 0x5c;

/** Bytes of what a piece of an answer says, and how far into it that goes. */
interface Said {
  readonly bytes: number;
  /** The place behind the last text. */
  readonly end: number;
}

/** @param text bytes as Latin-1, of whole events or cut anywhere */
function readSaid(text: string): Said {
  let bytes = 0;
  let end = 0;
  CONTENT.lastIndex = 0;
  for (let found = CONTENT.exec(text); found; found = CONTENT.exec(text)) {
    const start = CONTENT.lastIndex;
    end = endOfString(text, start);
    bytes += decodedLength(text.slice(start, end));
    CONTENT.lastIndex = end;
  }
  return { bytes, end };
}

/** Where the quote is that ends a string; the end of the text if there is none. */
function endOfString(text: string, from: number): number {
  for (let at = text.indexOf('"', from); at >= 0; at = text.indexOf('"', at + 1)) {
    let first = at;
    while (text.charCodeAt(first - 1) === BACKSLASH) first--;
    if ((at - first) % 2 === 0) return at;
  }
  return text.length;
}

const ESCAPE = /\\(?:u([0-9a-fA-F]{4})|.)/g;

/** How many bytes of UTF-8 a string of JSON stands for. */
function decodedLength(raw: string): number {
  let length = raw.length;
  if (!raw.includes("\\")) return length;
  for (const [escape, code] of raw.matchAll(ESCAPE)) {
    length -= escape.length - (code === undefined ? 1 : bytesOfUnit(Number.parseInt(code, 16)));
  }
  return length;
}

/** Of a character of UTF-16; each half of a pair has half of its four bytes. */
const bytesOfUnit = (unit: number): number =>
  unit < 0x80 ? 1 : unit < 0x800 || (unit >= 0xd800 && unit < 0xe000) ? 2 : 3;

/** The same of the events of the Responses API, each text once. */
function readEvents(text: string): Said {
  let bytes = 0;
  let end = 0;
  let from = 0;
  for (const event of text.split(EMPTY_LINE)) {
    const said = REPEATING.test(event) ? undefined : readSaid(event);
    if (said && said.bytes > 0) {
      bytes += said.bytes;
      end = from + said.end;
    }
    from += event.length + SEPARATOR;
  }
  return { bytes, end };
}

/** To look through more of a stream costs more than it is worth: 4 KiB take 6 µs, which is done for each stream without usage. */
const EXACT_BYTES = 4096;
const SAMPLE_BYTES = 2048;

/**
 * How many bytes of content a stream had, or an answer in one piece: exactly of a short one, of a longer one by its end.
 * @param last its last bytes, or all of them
 * @param total of how many
 * @param isStream whether what is not looked at is like what is
 */
export function contentBytes(last: Uint8Array, total: number, isStream: boolean): number {
  const sampled = isStream && last.length > EXACT_BYTES ? bytesOf(last.subarray(-SAMPLE_BYTES), total) : 0;
  // The last event may be longer than the sample.
  return sampled === 0 ? bytesOf(last, total) : sampled;
}

/** The content of bytes, and of those before them in proportion. */
function bytesOf(last: Uint8Array, total: number): number {
  let text = asBuffer(last).toString("latin1");
  if (total > last.length) {
    // It may begin within a text.
    const boundary = EMPTY_LINE.exec(text);
    if (boundary) text = text.slice(boundary.index);
  }
  const { bytes, end } = text.includes(RESPONSES) ? readEvents(text) : readSaid(text);
  const before = Math.max(0, total - text.length);
  return end === 0 ? 0 : bytes + (bytes / end) * before;
}
