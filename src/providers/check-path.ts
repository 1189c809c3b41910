import { Failure } from "../core/errors.ts";

const ABSOLUTE_URL = /^[a-z][a-z0-9+.-]*:\/\//i;

/**
 * Refuses a raw path of a client that a server could read as leading anywhere but below where it is put.
 * @param encodedSlashes whether a segment may have encoded slashes within
 * @throws Failure `path_not_allowed`
 */
export function requireHarmlessPath(path: string, encodedSlashes: boolean): void {
  if (path.startsWith("/")) refuse("it must not begin with an authority");
  if (ABSOLUTE_URL.test(path)) refuse("it must not be an absolute URL");
  // Either would end the path early for the parser that the request goes through.
  if (/[?#]/.test(path)) refuse("it must not contain a query or a fragment of its own");
  if (!isPercentEncoded(path)) refuse("it is not validly percent-encoded");
  for (const segment of path.split("/")) {
    const harm = findHarm(segment, encodedSlashes);
    if (harm !== undefined) refuse(harm);
  }
}

/**
 * Why a percent-encoded segment of a path could lead elsewhere; undefined if it cannot.
 * @param encodedSlashes whether it may have encoded slashes within
 */
export function findHarm(segment: string, encodedSlashes: boolean): string | undefined {
  const decoded = decodeFully(segment);
  if (decoded === undefined) return "it is percent-encoded too many times";
  // A server that decodes one more time would find others than these, of which each piece is looked at.
  const passed = encodedSlashes && decodeOnce(segment) === decoded ? decoded.split("/") : [decoded];
  for (const piece of passed) {
    // Parsers drop the space around a URL, and with it what kept two dots from being a dot segment.
    if (/^\.{1,2}(;.*)?$/.test(piece.trim())) return "it must not contain dot segments";
    if (/[/\\]/.test(piece)) return "it must not contain encoded slashes";
    if (piece === "" && passed.length > 1) return "it must not contain encoded slashes without a name between them";
    if (/[\u0000-\u001f\u007f]/.test(piece)) return "it must not contain control characters";
  }
  return undefined;
}

function refuse(reason: string): void {
  throw new Failure("path_not_allowed", { message: `Path is not allowed: ${reason}` });
}

function isPercentEncoded(path: string): boolean {
  try {
    decodeURIComponent(path);
    return true;
  } catch {
    return false;
  }
}

/** More rounds than any chain of servers undoes; without a limit a long path could keep the process busy. */
const MAX_DECODINGS = 8;

/**
 * Undoes percent-encoding until nothing changes, because some servers decode twice, and leave alone what they cannot
 * decode.
 * @returns undefined if it goes on for too long.
 */
function decodeFully(segment: string): string | undefined {
  let decoded = segment;
  for (let round = 0; round <= MAX_DECODINGS; round++) {
    const next = decodeOnce(decoded);
    if (next === decoded) return decoded;
    decoded = next;
  }
  return undefined;
}

/** Bytes become characters one by one: all that is looked for is ASCII. */
function decodeOnce(text: string): string {
  return text.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
