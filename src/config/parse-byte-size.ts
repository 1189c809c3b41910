const BYTES_PER_UNIT: ReadonlyMap<string, number> = new Map([
  ["", 1],
  ["b", 1],
  ["kb", 1_000],
  ["mb", 1_000_000],
  ["gb", 1_000_000_000],
  ["ki", 1_024],
  ["kib", 1_024],
  ["mi", 1_048_576],
  ["mib", 1_048_576],
  ["gi", 1_073_741_824],
  ["gib", 1_073_741_824],
]);

const BYTE_SIZE = /^(\d+) ?([a-z]*)$/i;

/**
 * Reads a size as operators write it: plain bytes (`10485760`), powers of 1024 (`10MiB`, `10Mi`) or of 1000 (`10MB`).
 * @returns whole bytes; undefined if `text` is not a size or is too large for an exact number
 */
export function parseByteSize(text: string): number | undefined {
  const [, digits, unit] = BYTE_SIZE.exec(text) ?? [];
  if (digits === undefined || unit === undefined) return undefined;
  const bytesPerUnit = BYTES_PER_UNIT.get(unit.toLowerCase());
  if (bytesPerUnit === undefined) return undefined;
  const bytes = Number(digits) * bytesPerUnit;
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}
