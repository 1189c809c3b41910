import { type MemberWatch, noteMemberEnd, noteString, openWatch, type WatchedNames } from "./member-watch.ts";
import { skipSpace, skipString } from "./bytes.ts";

/** How much structure the gateway reads in one JSON text, whoever wrote it. */
export interface JsonLimits {
  /** Most levels of nested arrays and objects (`SERVER_MAX_JSON_DEPTH`). */
  readonly depth: number;
  /** Most values, nested ones and the outermost included (`SERVER_MAX_JSON_VALUES`). */
  readonly values: number;
}

/** The defaults of the settings; also the limits of texts too short for an operator to care: errors, usage, arguments. */
export const DEFAULT_JSON_LIMITS: JsonLimits = { depth: 64, values: 1_000_000 };

/** Which limit a JSON text exceeds. */
export type ExceededLimit = keyof JsonLimits;

/** Goes on from the name of a text: "is nested deeper than 64 levels (SERVER_MAX_JSON_DEPTH)". */
export function describeExceeded(limit: ExceededLimit, limits: JsonLimits): string {
  return limit === "depth"
    ? `is nested deeper than ${limits.depth} levels (SERVER_MAX_JSON_DEPTH)`
    : `holds more than ${limits.values} values (SERVER_MAX_JSON_VALUES)`;
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/** Of texts that were checked before. */
export const NO_LIMITS: JsonLimits = { depth: Infinity, values: Infinity };

/** Where a text can be cut. By depth, for the arrays and objects that are open; index 1 is the outermost. */
export interface Seams {
  /** Longer strings are cut, too. */
  readonly maxStringBytes: number;
  /** Where each begins. */
  readonly opened: number[];
  /** The last comma directly in each; where it begins if there is none yet. */
  readonly separated: number[];
  /** Where the long string begins that ends at the scan's position; negative if none does. */
  longString: number;
}

/**
 * How far one pass over the bytes of a JSON text has come. The bytes need not be JSON: then the numbers mean nothing, and
 * the parser that comes after refuses them.
 */
export interface JsonScan {
  readonly bytes: Buffer;
  readonly limits: JsonLimits;
  /** The next byte to look at. */
  position: number;
  /** How many arrays and objects are open. */
  depth: number;
  /** How many values have begun. */
  values: number;
  exceeded: ExceededLimit | undefined;
  /** Takes note of the members of the outermost object. */
  readonly watch: MemberWatch | undefined;
  /** Where the open arrays and objects can be cut; undefined if nobody will. */
  readonly seams: Seams | undefined;
}

/**
 * A scan before the first byte.
 * @param names of the members of the outermost object to look out for; of a text that is no object, none is
 */
export function openScan(bytes: Buffer, limits: JsonLimits, names?: WatchedNames, seams?: Seams): JsonScan {
  return {
    bytes,
    limits,
    position: 0,
    depth: 0,
    values: 1,
    exceeded: undefined,
    watch: names && bytes[skipSpace(bytes, 0)] === OPEN_BRACE ? openWatch(bytes, names) : undefined,
    seams,
  };
}

/** Looks for members of an object, in one pass over its bytes, which must have passed `JSON.parse`. */
export function watchMembers(object: Buffer, names: WatchedNames): MemberWatch {
  const watch = openWatch(object, names);
  scanOn({ ...openScan(object, NO_LIMITS), watch }, object.length, 0);
  return watch;
}

/**
 * Scans on: to `stopAt`, or behind the string that reaches beyond it; or, if there are seams, behind a long string; or behind the end of an array or object at which the
 * depth falls to `floor`; or to where a limit is exceeded.
 */
export function scanOn(scan: JsonScan, stopAt: number, floor: number): void {
  const { bytes, limits, watch, seams } = scan;
  let { position, depth, values } = scan;
  while (position < stopAt) {
    const byte = bytes[position] as number;
    if (byte === QUOTE) {
      const end = skipString(bytes, position);
      if (watch && depth === 1) noteString(watch, position, end);
      const start = position;
      position = end;
      if (seams && end - start > seams.maxStringBytes) {
        seams.longString = start;
        break;
      }
    } else if (byte === COMMA) {
      values++;
      if (seams) seams.separated[depth] = position;
      if (watch && depth === 1) noteMemberEnd(watch, position);
      position++;
    } else if (byte === OPEN_BRACKET || byte === OPEN_BRACE) {
      if (depth === limits.depth) {
        scan.exceeded = "depth";
        break;
      }
      depth++;
      if (seams) seams.opened[depth] = seams.separated[depth] = position;
      position = skipSpace(bytes, position + 1);
      const next = bytes[position];
      if (next !== CLOSE_BRACKET && next !== CLOSE_BRACE) values++;
    } else if (byte === CLOSE_BRACKET || byte === CLOSE_BRACE) {
      depth--;
      if (watch && depth === 0) noteMemberEnd(watch, position);
      position++;
      if (depth <= floor) break;
    } else {
      position++;
    }
  }
  if (values > limits.values) scan.exceeded ??= "values";
  scan.position = position;
  scan.depth = depth;
  scan.values = values;
}

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
