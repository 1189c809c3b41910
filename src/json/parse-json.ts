import { asBuffer } from "./as-buffer.ts";
import { DEFAULT_JSON_LIMITS, type JsonLimits } from "./json-limits.ts";
import { openScan, scanOn } from "./json-scan.ts";

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
