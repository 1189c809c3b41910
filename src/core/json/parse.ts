import { isUtf8 } from "node:buffer";
import { asBuffer, skipSpace } from "./bytes.ts";
import { DEFAULT_JSON_LIMITS, type ExceededLimit, type JsonLimits, openScan, scanOn } from "./limits.ts";
import type { MemberWatch, WatchedNames } from "./member-watch.ts";
import { openTurns } from "../event-loop.ts";
import { openSliceParser } from "./parse-slices.ts";
import { openSlicePlan } from "./slice-plan.ts";

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

/** The value of a text, or why there is none. */
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

export const isJsonObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** A body up to this size is weighed by its length alone. */
const UNCOUNTED_BYTES = 64 * 1024;

/** Parsed, `[],[],…` takes 28 times its bytes, the most that was measured of any shape. */
const MAX_WEIGHT_PER_BYTE = 30;

/** Bytes of text: as the runtime's string, two for each if one character is not Latin-1, and those of its values. */
const WEIGHT_PER_BYTE = 3;

/**
 * Measured at a million: 41 for each mark of `[],`, 44 of `{},`, 85 for distinct strings, 166 for objects that each have a name of
 * their own.
 */
const WEIGHT_PER_VALUE = 100;

/** 1 for the bytes of which each value has one: a comma before it, or the bracket that begins it. */
const MARKS = new Uint8Array(256);
for (const mark of ",[{") MARKS[mark.charCodeAt(0)] = 1;

/**
 * How many bytes of memory a JSON text takes while it is parsed and its value is held, beside the text's own bytes.
 * Counts the values, those marks too that are in strings; 0.6 ms for each megabyte.
 */
export function parsedWeight(bytes: Uint8Array): number {
  const { length } = bytes;
  if (length <= UNCOUNTED_BYTES) return weightOf(length, Infinity);
  let values = 0;
  for (let at = 0; at < length; at += 1) values += MARKS[bytes[at] as number] as number;
  return weightOf(length, values);
}

/** Like {@link parsedWeight}, of a text of so many bytes whose values were counted. */
export function weightOf(length: number, values: number): number {
  const most = length * MAX_WEIGHT_PER_BYTE;
  return length <= UNCOUNTED_BYTES ? most : Math.min(length * WEIGHT_PER_BYTE + values * WEIGHT_PER_VALUE, most);
}
