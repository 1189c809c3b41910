import type { JsonObject } from "../../core/json/parse.ts";

/** The types that every reader of schemas knows. */
export const TYPES: ReadonlySet<unknown> = new Set(["string", "number", "integer", "boolean", "array", "object"]);

/** Members that show of what type a schema is that does not say so. */
const OF_OBJECTS = ["properties", "required", "additionalProperties", "patternProperties"] as const;
const OF_ARRAYS = ["items", "prefixItems"] as const;

/** The only values that are accepted; none if all are. */
export function valuesOf(given: JsonObject): readonly unknown[] {
  if ("const" in given) return [given["const"]];
  return Array.isArray(given["enum"]) ? given["enum"] : [];
}

/** The type, or what the other members show; a text can say everything. */
export function typeOf(given: JsonObject): string {
  const { type } = given;
  if (typeof type === "string" && TYPES.has(type)) return type;
  if (OF_OBJECTS.some((name) => name in given)) return "object";
  if (OF_ARRAYS.some((name) => name in given)) return "array";
  const [value] = valuesOf(given);
  return typeof value === "number" || typeof value === "boolean" ? typeof value : "string";
}
