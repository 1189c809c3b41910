import { findSyntaxError } from "./syntax-error.ts";
import { DEFAULT_JSON_LIMITS, describeExceeded } from "./limits.ts";
import type { MemberWatch } from "./member-watch.ts";
import { parseAtOnce, parseBytes, type Parsed, type ParseFault, type ParseOptions } from "./parse-bytes.ts";

export type JsonObject = { readonly [name: string]: unknown };

interface ParsedObject {
  readonly value: JsonObject;
  readonly watch: MemberWatch | undefined;
}

/** An object, or in `problem` what is wrong with the bytes, in words that repeat nothing of them. */
export type DecodedObject =
  ParsedObject | { readonly fault: ParseFault | "empty" | "no_object"; readonly problem: string };

/** Parses the bytes of a JSON text that must be an object, within limits, in one turn of the event loop. */
export function decodeObject(bytes: Uint8Array, options: ParseOptions = {}): DecodedObject {
  if (bytes.length === 0) return EMPTY;
  return requireObject(parseAtOnce(bytes, options), bytes, options);
}

/** Like {@link decodeObject}, but in as many turns as a long text takes: only then is there a promise. */
export function decodeObjectInTurns(
  bytes: Uint8Array,
  options: ParseOptions = {},
): DecodedObject | Promise<DecodedObject> {
  if (bytes.length === 0) return EMPTY;
  const parsed = parseBytes(bytes, options);
  return parsed instanceof Promise
    ? parsed.then((late) => requireObject(late, bytes, options))
    : requireObject(parsed, bytes, options);
}

const EMPTY: DecodedObject = { fault: "empty", problem: "the body is empty" };

function requireObject(parsed: Parsed, bytes: Uint8Array, options: ParseOptions): DecodedObject {
  if ("fault" in parsed) return { fault: parsed.fault, problem: describeFault(parsed.fault, bytes, options) };
  return isObject(parsed) ? parsed : { fault: "no_object", problem: "the body must be a JSON object" };
}

const isObject = (parsed: Exclude<Parsed, { readonly fault: unknown }>): parsed is ParsedObject =>
  isJsonObject(parsed.value);

export const isJsonObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Whether arrays and objects are nested deeper in a value than so many levels. */
export function isDeeperThan(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (levels <= 0) return true;
  return Object.values(value).some((member) => isDeeperThan(member, levels - 1));
}

/** Whether a value holds more than so many values, itself included. */
export function hasMoreValues(value: unknown, limit: number): boolean {
  let left = limit;
  const count = (counted: unknown): boolean => {
    left--;
    if (left < 0) return true;
    return typeof counted === "object" && counted !== null && Object.values(counted).some(count);
  };
  return count(value);
}

function describeFault(fault: ParseFault, bytes: Uint8Array, { limits = DEFAULT_JSON_LIMITS }: ParseOptions): string {
  switch (fault) {
    case "not_utf8":
      return "the body is not valid UTF-8";
    case "stopped":
      return "nobody waits for it any more";
    case "depth":
    case "values":
      return `the body ${describeExceeded(fault, limits)}`;
    case "malformed":
      return describeMalformed(bytes);
  }
}

/** A longer text is not searched for the place of its error: that would cost more than the error is worth. */
const MAX_LOCATABLE_BYTES = 1024 * 1024;

/** Runtimes quote the offending text in their messages and give no position, so the gateway words its own. */
function describeMalformed(bytes: Uint8Array): string {
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) {
    return "the body begins with a byte order mark, which JSON does not allow";
  }
  const text = bytes.length > MAX_LOCATABLE_BYTES ? undefined : new TextDecoder().decode(bytes);
  const first = text === undefined ? undefined : findSyntaxError(text);
  if (text === undefined || !first) return "the body is not valid JSON";
  const lines = text.slice(0, first.offset).split("\n");
  return `the body is not valid JSON: ${first.reason} at line ${lines.length}, column ${(lines.at(-1)?.length ?? 0) + 1}`;
}
