import { isJsonObject, type JsonObject } from "../../core/json/parse.ts";

/** Readers of single JSON values; what is of another type is undefined, as clients write null for what they do not say. */
export const asText = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);

export const asNumber = (value: unknown): number | undefined => (typeof value === "number" ? value : undefined);

export const asBoolean = (value: unknown): boolean | undefined => (typeof value === "boolean" ? value : undefined);

export const asObject = (value: unknown): JsonObject | undefined => (isJsonObject(value) ? value : undefined);

export const asList = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** A text that says something. */
export const asFilled = (value: unknown): string | undefined =>
  typeof value === "string" && value !== "" ? value : undefined;

/** An object without the members that are undefined. */
export function defined(members: Readonly<Record<string, unknown>>): JsonObject {
  const kept: Record<string, unknown> = {};
  for (const name in members) if (members[name] !== undefined) kept[name] = members[name];
  return kept;
}
