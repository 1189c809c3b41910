import { asBuffer } from "./bytes.ts";
import { skipSpace, skipString, skipValue } from "./scan.ts";

/** Where a member of the outermost object is in the bytes; each span is `[start, end)` in bytes. */
export interface Member {
  readonly keyStart: number;
  readonly valueStart: number;
  readonly valueEnd: number;
}

export type MemberSearch = Member | "absent" | "repeated";

const QUOTE = 0x22;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;
const OPEN_BRACE = 0x7b;

/** The most bytes that one character takes in a key: `\u0065`. */
const MAX_ESCAPE_BYTES = 6;
const QUOTES = 2;

/**
 * Makes a function that finds the top-level member `name` in the bytes of a JSON object.
 * The bytes must already have passed `JSON.parse` and be an object: the scan checks nothing that the parser has checked.
 * A key spelt with escapes (`"mod\u0065l"`) counts as the name it spells, so that no spelling hides a second one.
 * @returns the member's span, `absent`, or `repeated` if parsers would disagree about which one counts.
 */
export function memberFinder(name: string): (body: Uint8Array) => MemberSearch {
  const quotedName = Buffer.from(JSON.stringify(name));
  const escapePrefixes = escapePrefixesOf(name);

  /** True if nothing after `from` can be a second spelling of the name: by native search, without a scan. */
  const isCertainlyLast = (body: Buffer, from: number): boolean => {
    if (body.indexOf(quotedName, from) >= 0) return false;
    for (const prefix of escapePrefixes) if (body.indexOf(prefix, from) >= 0) return false;
    return true;
  };

  const maxSpellingBytes = QUOTES + name.length * MAX_ESCAPE_BYTES;

  const isName = (body: Buffer, start: number, end: number): boolean => {
    const length = end - start;
    if (length < quotedName.length || length > maxSpellingBytes) return false;
    // Only in the key: a search to the end of the body, for each key, would take the square of the time.
    for (let position = start; position < end; position++) {
      if (body[position] === BACKSLASH) return JSON.parse(body.toString("utf8", start, end)) === name;
    }
    return length === quotedName.length && body.compare(quotedName, 0, quotedName.length, start, end) === 0;
  };

  return (bytes) => {
    const body = asBuffer(bytes);
    let found: Member | undefined;
    let position = skipSpace(body, body.indexOf(OPEN_BRACE) + 1);
    while (body[position] === QUOTE) {
      const keyEnd = skipString(body, position);
      const valueStart = skipSpace(body, skipSpace(body, keyEnd) + 1);
      const valueEnd = skipValue(body, valueStart);
      if (isName(body, position, keyEnd)) {
        if (found) return "repeated";
        found = { keyStart: position, valueStart, valueEnd };
        if (isCertainlyLast(body, valueEnd)) return found;
      }
      position = skipSpace(body, valueEnd);
      if (body[position] !== COMMA) break;
      position = skipSpace(body, position + 1);
    }
    return found ?? "absent";
  };
}

/** The beginnings that a `\uXXXX` escape of any character of `name` can have. */
function escapePrefixesOf(name: string): Buffer[] {
  const rows = new Set([...name].map((character) => character.charCodeAt(0) >> 4));
  return [...rows].flatMap((row) => {
    const hex = row.toString(16).padStart(3, "0");
    return [...new Set([hex, hex.toUpperCase()])].map((digits) => Buffer.from(`\\u${digits}`));
  });
}

/** Where a value is, in bytes: `[start, end)`. */
export interface Span {
  readonly start: number;
  readonly end: number;
}
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;

const finders = new Map<string, ReturnType<typeof memberFinder>>();

/** {@link memberFinder} for the names that the source mentions, each made once. */
export function findMember(name: string): ReturnType<typeof memberFinder> {
  let finder = finders.get(name);
  if (!finder) finders.set(name, (finder = memberFinder(name)));
  return finder;
}

/** The elements of a JSON array, in order. The bytes must have passed `JSON.parse` and be an array. */
export function findElements(bytes: Uint8Array): Span[] {
  const array = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const elements: Span[] = [];
  let position = skipSpace(array, array.indexOf(OPEN_BRACKET) + 1);
  while (position < array.length && array[position] !== CLOSE_BRACKET) {
    const end = skipValue(array, position);
    elements.push({ start: position, end });
    position = skipSpace(array, end);
    if (array[position] === COMMA) position = skipSpace(array, position + 1);
  }
  return elements;
}

/**
 * Finds the value that a path of member names and array indices leads to. The bytes must have passed `JSON.parse`.
 * @returns undefined if there is none, or if a member of the path occurs twice.
 */
export function findValue(bytes: Uint8Array, path: readonly (string | number)[]): Span | undefined {
  let span: Span = { start: 0, end: bytes.length };
  for (const step of path) {
    const inner = bytes.subarray(span.start, span.end);
    const found = typeof step === "number" ? findElement(inner, step) : findMemberValue(inner, step);
    if (!found) return undefined;
    span = { start: span.start + found.start, end: span.start + found.end };
  }
  return span;
}

function findElement(bytes: Uint8Array, index: number): Span | undefined {
  return firstSolid(bytes) === OPEN_BRACKET ? findElements(bytes)[index] : undefined;
}

function findMemberValue(bytes: Uint8Array, name: string): Span | undefined {
  if (firstSolid(bytes) !== OPEN_BRACE) return undefined;
  const found = findMember(name)(bytes);
  return typeof found === "string" ? undefined : { start: found.valueStart, end: found.valueEnd };
}

function firstSolid(bytes: Uint8Array): number | undefined {
  return bytes.find((byte) => byte > 0x20);
}
