/** A parsed JSON object whose members have not been looked at yet. */
export type JsonObject = { readonly [key: string]: unknown };

/** Tells whether a parsed JSON value is an object, neither `null` nor an array. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
