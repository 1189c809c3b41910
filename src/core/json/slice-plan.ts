import { type JsonScan, scanOn, type Seams } from "./limits.ts";
import { skipSpace } from "./bytes.ts";

const BACKSLASH = 0x5c;
const LOWER_U = 0x75;

/** `\u0065`; all other escapes are shorter. */
const UNICODE_ESCAPE_BYTES = 6;

/**
 * The first position from `wanted` on at which the inside of a JSON string can be cut: in no escape and no character.
 * @param from a position before it at which it can be cut, too
 */
function pieceBoundary(bytes: Buffer, from: number, wanted: number): number {
  let position = wanted;
  for (let index = wanted - 1; index >= from && index > wanted - UNICODE_ESCAPE_BYTES; index--) {
    if (bytes[index] !== BACKSLASH) continue;
    let first = index;
    while (first > from && bytes[first - 1] === BACKSLASH) first--;
    // The backslashes of a run are escapes by twos.
    if ((index - first) % 2 === 0) {
      position = Math.max(position, index + (bytes[index + 1] === LOWER_U ? UNICODE_ESCAPE_BYTES : 2));
    }
    break;
  }
  while (((bytes[position] as number) & 0xc0) === 0x80) position++;
  return position;
}

/**
 * One step of parsing a JSON text in slices. An array or object that does not fit into a slice is made empty and filled
 * with runs of its members, which the native parser reads; all others are within such a run.
 */
export type SliceStep =
  /** Members of the array or object under way, at least one, separated by commas. */
  | { readonly kind: "members"; readonly start: number; readonly end: number }
  /** An array or object begins at `end`, as a member of the one under way; before it its key and colon, if it has one. */
  | { readonly kind: "open"; readonly start: number; readonly end: number }
  /** A piece of a long string. */
  | { readonly kind: "piece"; readonly start: number; readonly end: number }
  /** The pieces before are a string, a member of the one under way; between `start` and `end` its key and colon. */
  | { readonly kind: "string"; readonly start: number; readonly end: number }
  /** The array or object under way ends with the byte at `end`. */
  | { readonly kind: "close"; readonly end: number };

/** The steps of a text, as its scan comes along. */
export interface SlicePlan {
  readonly steps: readonly SliceStep[];
  /** Scans on to `stopAt` or to the end of the outermost value, and plans how to parse what has gone by. */
  scanTo(stopAt: number): void;
  /** False if the bytes that are in no step are no JSON. */
  isWellFormed(): boolean;
}

const COMMA = 0x2c;
const COLON = 0x3a;

/** How far the steps have come. */
interface Planned {
  /** How many of the open arrays and objects have a step `open`: the outer ones. */
  built: number;
  /** From here on, what is in the innermost of them has no step. */
  from: number;
  /** What is before `from`. */
  previous: "open" | "comma" | "member";
  wellFormed: boolean;
}

/** Passes over the comma that must separate a member from what is behind it. */
function passComma(bytes: Buffer, planned: Planned): void {
  if (planned.previous !== "member") return;
  const comma = skipSpace(bytes, planned.from);
  if (bytes[comma] !== COMMA) planned.wellFormed = false;
  planned.from = comma + 1;
  planned.previous = "comma";
}

/** Cuts the inside of a long string into pieces. */
function planPieces(bytes: Buffer, from: number, end: number, maxBytes: number, steps: SliceStep[]): void {
  for (let start = from; start < end;) {
    const wanted = start + maxBytes;
    const pieceEnd = wanted < end ? Math.min(pieceBoundary(bytes, start, wanted), end) : end;
    steps.push({ kind: "piece", start, end: pieceEnd });
    start = pieceEnd;
  }
}

/** @param scan at its beginning, with `seams` */
export function openSlicePlan(scan: JsonScan, seams: Seams): SlicePlan {
  const { bytes } = scan;
  const steps: SliceStep[] = [];
  const planned: Planned = { built: 0, from: 0, previous: "open", wellFormed: true };

  const planMembers = (end: number): void => {
    passComma(bytes, planned);
    // Empty if two commas have nothing between them, which the parser refuses.
    if (planned.from <= end) steps.push({ kind: "members", start: planned.from, end });
  };

  /** Plans what is complete in the innermost built array or object: all up to its last comma. */
  const planCompleteMembers = (): void => {
    const comma = seams.separated[planned.built] as number;
    if (comma < planned.from) return;
    planMembers(comma);
    planned.from = comma + 1;
    planned.previous = "comma";
  };

  const cut = (): void => {
    if (planned.built > 0) planCompleteMembers();
    while (planned.built < scan.depth) {
      if (planned.built > 0) passComma(bytes, planned);
      const begin = seams.opened[planned.built + 1] as number;
      steps.push({ kind: "open", start: planned.from, end: begin });
      planned.built++;
      planned.from = begin + 1;
      planned.previous = "open";
      planCompleteMembers();
    }
  };

  /** A long string that is no key. It ends where the scan is. */
  const planString = (begin: number): void => {
    if (bytes[skipSpace(bytes, scan.position)] === COLON) return;
    cut();
    passComma(bytes, planned);
    planPieces(bytes, begin + 1, scan.position - 1, seams.maxStringBytes, steps);
    steps.push({ kind: "string", start: planned.from, end: begin });
    planned.from = scan.position;
    planned.previous = "member";
  };

  const close = (): void => {
    const end = scan.position - 1;
    const isBlank = skipSpace(bytes, planned.from) === end;
    if (!isBlank) planMembers(end);
    // A comma with nothing behind it is found by the parser: the run of members is empty then.
    else if (planned.previous === "comma") steps.push({ kind: "members", start: planned.from, end });
    steps.push({ kind: "close", end });
    planned.built--;
    planned.from = end + 1;
    planned.previous = "member";
  };

  return {
    steps,
    scanTo(stopAt) {
      while (scan.position < stopAt && !scan.exceeded) {
        scanOn(scan, stopAt, Math.max(planned.built - 1, 0));
        if (seams.longString >= 0 && scan.depth > 0) planString(seams.longString);
        seams.longString = -1;
        if (scan.depth < planned.built) close();
        if (scan.depth <= 0) break;
      }
      if (scan.depth > 0 && !scan.exceeded) cut();
    },
    isWellFormed: () => planned.wellFormed,
  };
}
