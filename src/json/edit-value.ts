import { findValue } from "./find-value.ts";

/**
 * Replaces the value that a path leads to with what `edit` makes of its bytes; everything else keeps its bytes.
 * @returns the very same array where there is no such value, or `edit` gives it back as it is.
 */
export function editValue(
  bytes: Uint8Array,
  path: readonly (string | number)[],
  edit: (value: Uint8Array) => Uint8Array,
): Uint8Array {
  const span = findValue(bytes, path);
  if (!span) return bytes;
  const value = bytes.subarray(span.start, span.end);
  const edited = edit(value);
  return edited === value ? bytes : Buffer.concat([bytes.subarray(0, span.start), edited, bytes.subarray(span.end)]);
}
