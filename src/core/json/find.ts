import { asBuffer, skipSpace, skipString, skipValue } from "./bytes.ts";

/** Where a member of the outermost object is in the bytes; each span is `[start, end)` in bytes. */
export interface Member {
  readonly keyStart: number;
  readonly valueStart: number;
  readonly valueEnd: number;
}

/** Where a value is, in bytes: `[start, end)`. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

export type MemberSearch = Member | "absent" | "repeated";

const QUOTE = 0x22;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;
const OPEN_BRACE = 0x7b;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;

/** The most bytes that one character takes in a key: `\u0065`. */
const MAX_ESCAPE_BYTES = 6;
const QUOTES = 2;

/**
 * Finds the top-level member `name` in the bytes of a JSON object, in one pass over all of its members.
 * The bytes must already have passed `JSON.parse` and be an object: the scan checks nothing that the parser has checked.
 * A key spelt with escapes (`"mod\u0065l"`) counts as the name it spells, so that no spelling hides a second one.
 * @returns the member's span, `absent`, or `repeated` if parsers would disagree about which one counts.
 */
export function findMember(bytes: Uint8Array, name: string): MemberSearch {
  const body = asBuffer(bytes);
  const quotedName = Buffer.from(JSON.stringify(name));
  let found: Member | undefined;
  let position = skipSpace(body, body.indexOf(OPEN_BRACE) + 1);
  while (body[position] === QUOTE) {
    const keyEnd = skipString(body, position);
    const valueStart = skipSpace(body, skipSpace(body, keyEnd) + 1);
    const valueEnd = skipValue(body, valueStart);
    if (isName(body, position, keyEnd, name, quotedName)) {
      if (found) return "repeated";
      found = { keyStart: position, valueStart, valueEnd };
    }
    position = skipSpace(body, valueEnd);
    if (body[position] !== COMMA) break;
    position = skipSpace(body, position + 1);
  }
  return found ?? "absent";
}

/** Whether the key between two positions, its quotes included, spells a name. */
function isName(body: Buffer, start: number, end: number, name: string, quotedName: Buffer): boolean {
  const length = end - start;
  if (length < quotedName.length || length > QUOTES + name.length * MAX_ESCAPE_BYTES) return false;
  // Only in the key: a search to the end of the body, for each key, would take the square of the time.
  for (let position = start; position < end; position++) {
    if (body[position] === BACKSLASH) return JSON.parse(body.toString("utf8", start, end)) === name;
  }
  return length === quotedName.length && body.compare(quotedName, 0, quotedName.length, start, end) === 0;
}

/** The elements of a JSON array, in order. The bytes must have passed `JSON.parse` and be an array. */
export function findElements(bytes: Uint8Array): Span[] {
  const array = asBuffer(bytes);
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
  const found = findMember(bytes, name);
  return typeof found === "string" ? undefined : { start: found.valueStart, end: found.valueEnd };
}

function firstSolid(bytes: Uint8Array): number | undefined {
  return bytes.find((byte) => byte > 0x20);
}
