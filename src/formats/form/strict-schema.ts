import { isJsonObject, type JsonObject } from "../../core/json/parse.ts";

/**
 * Whether a schema is one that providers take as strict: every object names all of its properties as required, and takes
 * no others. https://platform.openai.com/docs/guides/structured-outputs#supported-schemas
 */
export function isStrictSchema(schema: unknown): boolean {
  if (Array.isArray(schema)) return schema.every(isStrictSchema);
  if (!isJsonObject(schema)) return true;
  if (isOpenObject(schema)) return false;
  return (
    SUBSCHEMAS.every((name) => isStrictSchema(schema[name])) && SCHEMA_MAPS.every((name) => areStrict(schema[name]))
  );
}

/** Members that hold a schema or a list of some. */
const SUBSCHEMAS = ["items", "prefixItems", "anyOf", "allOf", "oneOf", "not"];

/** Members that hold schemas by name. */
const SCHEMA_MAPS = ["properties", "$defs", "definitions"];

const areStrict = (map: unknown): boolean => !isJsonObject(map) || Object.values(map).every(isStrictSchema);

function isOpenObject({ type, properties, required, additionalProperties }: JsonObject): boolean {
  const isObject = type === "object" || (Array.isArray(type) && type.includes("object")) || isJsonObject(properties);
  if (!isObject) return false;
  const names = isJsonObject(properties) ? Object.keys(properties) : [];
  const demanded = new Set<unknown>(Array.isArray(required) ? required : []);
  return additionalProperties !== false || names.some((name) => !demanded.has(name));
}
