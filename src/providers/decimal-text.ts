const NUMBER = /^(\d{1,40})(?:\.(\d{1,60}))?(?:e([+-]?\d{1,2}))?$/i;

/**
 * Writes a number in decimal digits, exactly and without an exponent: `2.5` for a million is `0.0000025` for one.
 * @param value a number, or the text of one, not below zero
 * @param places so many places to the right, or to the left if negative, the point goes
 * @returns undefined for what is no such number
 */
export function decimalText(value: unknown, places = 0): string | undefined {
  if (typeof value !== "string" && typeof value !== "number") return undefined;
  const [, whole, fraction = "", exponent = "0"] = NUMBER.exec(String(value)) ?? [];
  if (whole === undefined) return undefined;
  const point = whole.length + Number(exponent) + places;
  const digits = whole + fraction;
  const padded = "0".repeat(Math.max(0, 1 - point)) + digits + "0".repeat(Math.max(0, point - digits.length));
  const units = padded.slice(0, Math.max(1, point)).replace(/^0+(?=\d)/, "");
  const rest = padded.slice(Math.max(1, point)).replace(/0+$/, "");
  return rest === "" ? units : `${units}.${rest}`;
}
