import { isUtf8 } from "node:buffer";
import { asBuffer, skipSpace } from "./bytes.ts";
import {
  DEFAULT_JSON_LIMITS,
  type ExceededLimit,
  type JsonLimits,
  openScan,
  scanOn,
  describeExceeded,
} from "./limits.ts";
import type { MemberWatch, WatchedNames } from "./member-watch.ts";
import { openTurns } from "../event-loop.ts";
import { openSliceParser } from "./parse-slices.ts";
import { openSlicePlan } from "./slice-plan.ts";
import { describeMalformed } from "./syntax-error.ts";

/** Bytes as a lenient reader takes them: without a byte order mark, and with U+FFFD for what is no UTF-8. */
export function toWellFormed(bytes: Uint8Array): Uint8Array {
  const hasMark = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  if (isUtf8(bytes)) return hasMark ? bytes.subarray(3) : bytes;
  return Buffer.from(new TextDecoder().decode(bytes));
}

export interface ParseOptions {
  readonly limits?: JsonLimits;
  /** Members of the outermost object to look out for on the way. */
  readonly names?: WatchedNames;
  /** Aborted when nobody waits for the value any more, such as a request of a client that left; asked between slices. */
  readonly stop?: { readonly signal: { readonly aborted: boolean } };
}

/** Why there is no value. */
export type ParseFault = "malformed" | "not_utf8" | "stopped" | ExceededLimit;

export type Parsed =
  { readonly value: unknown; readonly watch: MemberWatch | undefined } | { readonly fault: ParseFault };

/** A text up to this size is parsed at once: 20 ms at the worst, which is an object with as many names as fit in. */
export const MAX_WHOLE_BYTES = 128 * 1024;

export interface SliceSizes {
  readonly sliceBytes: number;
  readonly maxStringBytes: number;
  /** A text of no more values, and no longer than the longest string, is not sliced: that would take twice the time. */
  readonly maxWholeValues: number;
}

/** What is parsed natively between two looks at the clock, which takes 8 ms at the worst. */
const SLICE_SIZES: SliceSizes = { sliceBytes: 32 * 1024, maxStringBytes: 2 * 1024 * 1024, maxWholeValues: 20_000 };

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Parses the bytes of a JSON text, with the same value as `JSON.parse`. Depth and number of values are checked before
 * anything is parsed. A long text is worked on in turns of the event loop, and only then is there a promise.
 */
export function parseBytes(bytes: Uint8Array, options: ParseOptions = {}): Parsed | Promise<Parsed> {
  return bytes.length > MAX_WHOLE_BYTES ? parseInSlices(asBuffer(bytes), options) : parseAtOnce(bytes, options);
}

/** Like {@link parseBytes}, but in one turn, whatever its length. */
export function parseAtOnce(bytes: Uint8Array, { limits = DEFAULT_JSON_LIMITS, names }: ParseOptions = {}): Parsed {
  const scan = openScan(asBuffer(bytes), limits, names);
  scanOn(scan, bytes.length, 0);
  if (scan.exceeded) return { fault: scan.exceeded };
  try {
    return { value: JSON.parse(decoder.decode(bytes)), watch: scan.watch };
  } catch {
    return refusal(bytes);
  }
}

/** Parses in slices, however short the text. */
export async function parseInSlices(
  bytes: Buffer,
  { limits = DEFAULT_JSON_LIMITS, names, stop }: ParseOptions,
  { sliceBytes, maxStringBytes, maxWholeValues }: SliceSizes = SLICE_SIZES,
): Promise<Parsed> {
  const turns = openTurns();
  const isStopped = (): boolean => stop?.signal.aborted ?? false;
  const seams = { maxStringBytes, opened: [0], separated: [0], longString: -1 };
  const scan = openScan(bytes, limits, names, seams);
  const plan = openSlicePlan(scan, seams);
  scan.position = skipSpace(bytes, 0);
  do {
    plan.scanTo(Math.min(scan.position + sliceBytes, bytes.length));
    if (turns.isOver()) await turns.next();
    if (isStopped()) return { fault: "stopped" };
    if (scan.exceeded) return { fault: scan.exceeded };
  } while (scan.depth > 0 && scan.position < bytes.length);

  try {
    const isLight = scan.values <= maxWholeValues && bytes.length <= maxStringBytes;
    // There are no steps if no array or object is longer than a slice.
    if (isLight || plan.steps.length === 0) return { value: JSON.parse(decoder.decode(bytes)), watch: scan.watch };
    const isWhole = scan.depth === 0 && skipSpace(bytes, scan.position) === bytes.length;
    if (!isWhole || !plan.isWellFormed()) return refusal(bytes);
    const parser = openSliceParser(bytes, decoder);
    for (const step of plan.steps) {
      parser.take(step);
      if (turns.isOver()) await turns.next();
      if (isStopped()) return { fault: "stopped" };
    }
    return { value: parser.value(), watch: scan.watch };
  } catch {
    return refusal(bytes);
  }
}

/**
 * The value of a text that was checked before, such as by `checkObject`, or of one of its members, between two
 * positions; in one turn.
 */
export const parseChecked = (text: Uint8Array, start = 0, end = text.length): unknown =>
  JSON.parse(asBuffer(text).toString("utf8", start, end));

function refusal(bytes: Uint8Array): Parsed {
  return { fault: isUtf8(bytes) ? "malformed" : "not_utf8" };
}

/**
 * Parses a JSON text of a stranger in one turn: for texts that are short by their nature, such as an event or the
 * arguments of a call. Bytes that are no UTF-8 become U+FFFD.
 * @returns undefined if it is not JSON or exceeds a limit; JSON itself has no such value
 */
export function parseJson(text: string | Uint8Array, limits: JsonLimits = DEFAULT_JSON_LIMITS): unknown {
  const isText = typeof text === "string";
  // To be too deep takes a bracket for each level, and as many to end them.
  if (text.length > 2 * limits.depth || text.length > limits.values) {
    const bytes = isText ? Buffer.from(text) : asBuffer(text);
    const scan = openScan(bytes, limits);
    scanOn(scan, bytes.length, 0);
    if (scan.exceeded) return undefined;
  }
  try {
    return JSON.parse(isText ? text : asBuffer(text).toString("utf8")) as unknown;
  } catch {
    return undefined;
  }
}

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
