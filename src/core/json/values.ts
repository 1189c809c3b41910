import { isJsonObject, type JsonObject } from "./parse.ts";

/** A member of unknown JSON as text; undefined if it is anything else, as clients write null for what they do not say. */
export const textOf = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);

/** A text that says something. */
export const filledTextOf = (value: unknown): string | undefined =>
  typeof value === "string" && value !== "" ? value : undefined;

/** As a finite number. */
export const numberOf = (value: unknown): number | undefined =>
  typeof value === "number" && Number.isFinite(value) ? value : undefined;

/** A number above this is a mistake of whoever says it: no request has so many tokens. */
const MAX_COUNT = 1e12;

/** As how many of something there are, such as tokens. */
export const countOf = (value: unknown): number | undefined =>
  typeof value === "number" && value >= 0 && value <= MAX_COUNT ? value : undefined;

export const booleanOf = (value: unknown): boolean | undefined => (typeof value === "boolean" ? value : undefined);

export const objectOf = (value: unknown): JsonObject | undefined => (isJsonObject(value) ? value : undefined);

/** Anything but a list has no elements. */
export const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** Whether a member is there: null is how clients leave one out. */
export const isSet = (value: unknown): boolean => value !== undefined && value !== null;

/** The same members without those that are undefined, which JSON cannot say. */
export function withoutUndefined(members: Readonly<Record<string, unknown>>): JsonObject {
  const kept: Record<string, unknown> = {};
  for (const name in members) if (members[name] !== undefined) kept[name] = members[name];
  return kept;
}
