import { memberFinder } from "./find-member.ts";
import { skipSpace, skipValue } from "./scan.ts";

/** Where a value stands, in bytes: `[start, end)`. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

const OPEN_BRACE = 0x7b;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const COMMA = 0x2c;

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
 * @returns undefined where there is none, or where a member of the path stands twice.
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
