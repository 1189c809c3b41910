import { isJsonObject, type JsonObject } from "../../core/json/parse.ts";
import { textOf } from "../../core/json/values.ts";
import { camelMembers } from "./camel-members.ts";

/** Members whose values are 64-bit integers, which this API's JSON may write as text. */
const COUNTS = ["minItems", "maxItems", "minLength", "maxLength", "minProperties", "maxProperties"] as const;

/** Members that hold schemas by names that the client chose. */
const MAPS = ["properties", "$defs", "defs"] as const;

/**
 * Makes JSON Schema of a schema of this API, which is a part of OpenAPI's: types in upper case, `nullable`, the order of
 * properties in a member of its own. Members that it does not have stay as they are.
 * https://ai.google.dev/api/caching#Schema
 */
export function toJsonSchema(schema: JsonObject): JsonObject {
  const { type, nullable, propertyOrdering, example, ...rest } = camelMembers(schema);
  const written: Record<string, unknown> = { ...writeType(type, nullable), ...rest };
  if (nullable === true) addNull(written);
  if (example !== undefined) written["examples"] = [example];
  for (const name of COUNTS) if (typeof written[name] === "string") written[name] = Number(written[name]);
  for (const name of MAPS) {
    const map = written[name];
    if (isJsonObject(map)) written[name] = mapSchemas(map);
  }
  if (isJsonObject(written["properties"])) written["properties"] = inOrder(written["properties"], propertyOrdering);
  for (const name of ["items", "additionalProperties"]) written[name] = readInner(written[name]);
  for (const name of ["anyOf", "oneOf", "allOf", "prefixItems"]) {
    const list = written[name];
    if (Array.isArray(list)) written[name] = list.map(readInner);
  }
  for (const name in written) if (written[name] === undefined) delete written[name];
  return written;
}

const readInner = (schema: unknown): unknown => (isJsonObject(schema) ? toJsonSchema(schema) : schema);

const mapSchemas = (map: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(map).map(([name, schema]) => [name, readInner(schema)]));

function writeType(type: unknown, nullable: unknown): JsonObject {
  const word = textOf(type)?.toLowerCase();
  if (word === undefined) return type === undefined ? {} : { type };
  if (word === "type_unspecified") return {};
  return { type: nullable === true && word !== "null" ? [word, "null"] : word };
}

/** What may be null besides its type: one of a list of values, or of schemas. */
function addNull(written: Record<string, unknown>): void {
  const { enum: values, anyOf } = written;
  if (Array.isArray(values) && !values.includes(null)) written["enum"] = [...values, null];
  if (Array.isArray(anyOf) && written["type"] === undefined) written["anyOf"] = [...anyOf, { type: "null" }];
}

/** Models write properties in the order in which a schema has them. */
function inOrder(properties: JsonObject, order: unknown): JsonObject {
  if (!Array.isArray(order)) return properties;
  const first = order.filter((name): name is string => typeof name === "string" && Object.hasOwn(properties, name));
  return { ...Object.fromEntries(first.map((name) => [name, properties[name]])), ...properties };
}
