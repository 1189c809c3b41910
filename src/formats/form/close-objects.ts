import { isJsonObject, type JsonObject } from "../../core/json/parse.ts";

/** Members of a schema that hold schemas by name. */
const BY_NAME: ReadonlySet<string> = new Set(["properties", "$defs", "definitions"]);

/** Members of a schema that are values, not schemas. */
const VALUES: ReadonlySet<string> = new Set(["enum", "const", "default", "examples", "required"]);

/** A schema of output for providers that want every object of it to say that it has no further members. */
export function closeObjects(schema: JsonObject): JsonObject {
  const closed = Object.entries(schema).map(([name, value]): [string, unknown] => {
    if (VALUES.has(name)) return [name, value];
    return [name, BY_NAME.has(name) && isJsonObject(value) ? closeMembers(value) : closeMember(value)];
  });
  const isObject = schema["type"] === "object" || isJsonObject(schema["properties"]);
  if (isObject && schema["additionalProperties"] === undefined) closed.push(["additionalProperties", false]);
  return Object.fromEntries(closed);
}

const closeMembers = (schemas: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, closeMember(schema)]));

const closeMember = (value: unknown): unknown =>
  Array.isArray(value) ? value.map(closeMember) : isJsonObject(value) ? closeObjects(value) : value;
