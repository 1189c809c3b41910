import { DEFAULT_JSON_LIMITS, describeExceeded } from "./limits.ts";
import type { MemberWatch } from "./member-watch.ts";
import {
  isJsonObject,
  type JsonObject,
  parseAtOnce,
  parseBytes,
  type Parsed,
  type ParseFault,
  type ParseOptions,
} from "./parse.ts";
import { describeMalformed } from "./syntax-error.ts";

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
