import { isJsonObject, type JsonObject } from "../../core/json/parse.ts";
import { listOf, numberOf, textOf } from "../../core/json/values.ts";
import {
  derefSchema,
  mergeSchemas,
  openSchemaBudget,
  type SchemaBudget,
  type SchemaRoot,
} from "./schema-references.ts";
import type { WireObject } from "./writing.ts";

/** A schema in the words that older models know: a part of OpenAPI's. https://ai.google.dev/api/caching#Schema */
export interface CleanSchema {
  readonly schema: WireObject;
  /** Whether it allows what the original allows, and nothing else. */
  readonly isExact: boolean;
}

/** Words that both have, and that hold values rather than schemas. */
const KEPT = [
  ...["title", "description", "pattern", "minLength", "maxLength", "minItems", "maxItems"],
  ...["minProperties", "maxProperties", "minimum", "maximum", "nullable"],
] as const;

/** Words that say nothing of what is allowed, or what models do anyway, or that are read in another place. */
const HARMLESS: ReadonlySet<string> = new Set([
  ...KEPT,
  ...["$schema", "$id", "$anchor", "$comment", "$defs", "definitions", "$ref", "default", "example", "examples"],
  ...["deprecated", "readOnly", "writeOnly", "contentEncoding", "contentMediaType", "format"],
  ...["type", "enum", "const", "properties", "required", "items", "prefixItems", "anyOf", "oneOf", "allOf"],
  ...["exclusiveMinimum", "exclusiveMaximum", "propertyOrdering"],
]);

const FORMATS: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries<readonly string[]>({
    string: ["date-time", "enum"],
    integer: ["int32", "int64"],
    number: ["float", "double"],
  }),
);

/**
 * Writes a JSON schema in the words that older models know; they refuse any other word.
 * @param member where the schema is in the request, for errors
 * @param budget that of the request
 * @throws CannotTranslate for schemas that refer to themselves or to another document, or that are too large
 */
export function cleanSchema(
  schema: JsonObject,
  member: string,
  budget: SchemaBudget = openSchemaBudget(),
): CleanSchema {
  const cleaner = new Cleaner({ schema, member, budget });
  const cleaned = cleaner.clean(schema, []);
  return { schema: cleaned["type"] === undefined ? { type: "object", ...cleaned } : cleaned, isExact: cleaner.isExact };
}

class Cleaner {
  isExact = true;
  readonly #root: SchemaRoot;

  constructor(root: SchemaRoot) {
    this.#root = root;
  }

  /** @param within the references that led here */
  clean(value: unknown, within: readonly string[]): WireObject {
    if (!isJsonObject(value)) {
      if (value === false) this.isExact = false;
      return {};
    }
    const { schema: plain, references } = derefSchema(value, within, this.#root);
    const schema = mergeSchemas(plain, this.#root);
    if (Object.keys(schema).some((name) => !HARMLESS.has(name) && !isOpenEnd(name, schema[name]))) this.isExact = false;
    const written: WireObject = {};
    for (const name of KEPT) if (schema[name] !== undefined) written[name] = schema[name];
    this.#writeType(schema, written);
    this.#writeEnum(schema, written);
    writeRange(schema, written);
    this.#writeMembers(schema, written, references);
    this.#writeVariants(schema, written, references);
    return written;
  }

  #writeType({ type, properties, items, format }: JsonObject, written: WireObject): void {
    const types = (Array.isArray(type) ? type : [type]).filter((name) => typeof name === "string");
    const named = types.filter((name) => name.toLowerCase() !== "null");
    if (named.length < types.length && named.length > 0) written["nullable"] = true;
    const [only = types[0]] = named;
    if (named.length > 1) written["anyOf"] = named.map((name) => ({ type: name }));
    else if (only !== undefined) written["type"] = only;
    else if (isJsonObject(properties)) written["type"] = "object";
    else if (items !== undefined) written["type"] = "array";
    const known = FORMATS.get(String(written["type"]).toLowerCase());
    if (format !== undefined && known?.includes(String(format))) written["format"] = format;
    else if (format !== undefined) this.isExact = false;
  }

  /** Only texts can be listed; of other values the model is told in words. */
  #writeEnum(schema: JsonObject, written: WireObject): void {
    const listed = schema["const"] === undefined ? schema["enum"] : [schema["const"]];
    if (!Array.isArray(listed)) return;
    const values = listed.filter((value) => value !== null);
    if (values.length < listed.length) written["nullable"] = true;
    if (values.every((value) => typeof value === "string")) {
      if (values.length === 0) return;
      written["type"] = "string";
      written["enum"] = values;
      return;
    }
    this.isExact = false;
    const said = `One of: ${values.map((value) => JSON.stringify(value)).join(", ")}.`;
    const description = textOf(written["description"]);
    written["description"] = description === undefined ? said : `${description} ${said}`;
    if (written["type"] === undefined) written["type"] = typeof values[0] === "boolean" ? "boolean" : "number";
  }

  #writeMembers(schema: JsonObject, written: WireObject, within: readonly string[]): void {
    const { properties, items, prefixItems } = schema;
    if (isJsonObject(properties) && Object.keys(properties).length > 0) {
      written["properties"] = Object.fromEntries(
        Object.entries(properties).map(([name, member]) => [name, this.clean(member, within)]),
      );
      // It refuses to require what is not described.
      const required = listOf(schema["required"]).filter((name) => typeof name === "string" && name in properties);
      if (required.length > 0) written["required"] = required;
    }
    const places = [...listOf(prefixItems), ...listOf(items)];
    if (places.length > 0) {
      this.isExact = false;
      const variants = places.map((place) => this.clean(place, within));
      written["items"] = variants.length === 1 ? variants[0] : { anyOf: variants };
    } else if (isJsonObject(items) && Object.keys(items).length > 0) {
      written["items"] = this.clean(items, within);
    } else if (String(written["type"]).toLowerCase() === "array") {
      // It refuses a list of which it does not know what is in it.
      this.isExact = false;
      written["items"] = { type: "string" };
    }
  }

  #writeVariants(schema: JsonObject, written: WireObject, within: readonly string[]): void {
    const { anyOf, oneOf } = schema;
    if (Array.isArray(anyOf) && Array.isArray(oneOf)) this.isExact = false;
    const all = [...listOf(anyOf), ...listOf(oneOf)].map((variant) => this.clean(variant, within));
    const variants = all.filter((variant) => !isNull(variant));
    if (variants.length < all.length) written["nullable"] = true;
    const [only] = variants;
    if (variants.length > 1) written["anyOf"] = variants;
    else if (only) Object.assign(written, mergeSchemas({ ...written, allOf: [only] }, this.#root));
  }
}

/** An object that says whether it has further members, which models do not invent. */
const isOpenEnd = (name: string, value: unknown): boolean =>
  (name === "additionalProperties" || name === "unevaluatedProperties") && typeof value === "boolean";

const isNull = ({ type }: WireObject): boolean => textOf(type)?.toLowerCase() === "null";

/** Limits that are not reached themselves; of fractions there is no next one. */
function writeRange({ type, exclusiveMinimum, exclusiveMaximum }: JsonObject, written: WireObject): void {
  const step = textOf(type)?.toLowerCase() === "integer" ? 1 : 0;
  const [least, most] = [numberOf(exclusiveMinimum), numberOf(exclusiveMaximum)];
  if (least !== undefined) written["minimum"] = Math.max(least + step, numberOf(written["minimum"]) ?? -Infinity);
  if (most !== undefined) written["maximum"] = Math.min(most - step, numberOf(written["maximum"]) ?? Infinity);
}
