import { isJsonObject, type JsonObject } from "../../core/json/parse.ts";

/**
 * One schema of several. What two of them say in different ways is as the first one says it, but for the members of
 * objects, of which the result has all.
 * @param kind `all`: a value is of each of them, so all that one of them requires is required. `any`: it is of one, so
 * only what each of them requires is.
 */
export function mergeSchemas(schemas: readonly JsonObject[], kind: "all" | "any"): JsonObject {
  if (schemas.length === 0) return { type: "object" };
  const merged: Record<string, unknown> = {};
  const properties: Record<string, unknown> = {};
  /** How many of the schemas require a member. */
  const required = new Map<unknown, number>();
  for (const schema of schemas) {
    for (const [name, value] of Object.entries(schema)) if (!Object.hasOwn(merged, name)) merged[name] = value;
    if (isJsonObject(schema["properties"])) {
      for (const [name, value] of Object.entries(schema["properties"])) {
        if (!Object.hasOwn(properties, name)) properties[name] = value;
      }
    }
    const names = Array.isArray(schema["required"]) ? schema["required"] : [];
    for (const name of new Set<unknown>(names)) required.set(name, (required.get(name) ?? 0) + 1);
  }
  const least = kind === "all" ? 1 : schemas.length;
  const { properties: _, required: __, ...rest } = merged;
  const names = [...required].flatMap(([name, count]) => (count >= least ? [name] : []));
  return {
    ...rest,
    ...(Object.keys(properties).length > 0 && { properties }),
    ...(names.length > 0 && { required: names }),
  };
}
