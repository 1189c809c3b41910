import { isJsonObject, type JsonObject } from "../../core/json/parse.ts";
import { mergeSchemas } from "./merge-schemas.ts";
import { findReference } from "./schema-references.ts";
import { TYPES, typeOf, valuesOf } from "./schema-type.ts";

/**
 * What Gemini takes of a schema as it is; other names make it refuse the whole request.
 * https://ai.google.dev/api/caching#Schema
 */
const KEPT = [
  ...["title", "description", "nullable", "pattern"],
  ...["minimum", "maximum", "minItems", "maxItems", "minLength", "maxLength", "minProperties", "maxProperties"],
] as const;

/** Other formats of texts are refused. */
const TEXT_FORMATS: ReadonlySet<unknown> = new Set(["enum", "date-time"]);
const NUMBER_FORMATS: ReadonlySet<unknown> = new Set(["int32", "int64", "float", "double"]);

/** References within references; deeper ones are cut, and those of a cycle at their first repetition. */
const MAX_REFERENCES = 16;

/** What all subschemas of one schema may come to, in characters of texts and names: references can repeat a part often. */
const MAX_SIZE = 128 * 1024;

/** Counted for each subschema beside its texts, its members and what these list. */
const SUBSCHEMA_SIZE = 32;

/** Members that may be long lists of values. */
const LISTS = ["enum", "items", "prefixItems", "required", "type"] as const;

/** Replaces a part that is cut. */
const ANYTHING: JsonObject = { type: "object" };

/** Where in a schema the reduction is. */
interface Place {
  /** The whole schema, which references point into. */
  readonly root: JsonObject;
  /** References that lead here. */
  readonly references: readonly string[];
  readonly budget: { left: number };
}

/**
 * A JSON Schema for the arguments of a tool, reduced to the part that Gemini accepts: `$ref` is replaced by what it points
 * to, `const` and `oneOf` by `enum` and `anyOf`, `allOf` by what its parts say together, and what remains is left out.
 * The result accepts at least what the schema does, up to what is cut, and costs as much as a bounded number of steps.
 */
export function reduceSchema(schema: JsonObject): JsonObject {
  const place: Place = { root: schema, references: [], budget: { left: MAX_SIZE } };
  const reduced = reduce(schema, place);
  if (reduced["type"] === "object") return reduced;
  // The arguments of a function are an object, whatever else the schema allows.
  const variants = Array.isArray(reduced["anyOf"]) ? reduced["anyOf"].filter(isJsonObject) : [];
  return mergeSchemas(
    variants.filter(({ type }) => type === "object"),
    "any",
  );
}

function reduce(given: unknown, place: Place): JsonObject {
  const { budget } = place;
  budget.left -= SUBSCHEMA_SIZE;
  if (!isJsonObject(given) || budget.left < 0) return ANYTHING;
  budget.left -= Object.keys(given).length;
  for (const name of LISTS) if (Array.isArray(given[name])) budget.left -= given[name].length;
  if (typeof given["$ref"] === "string") return reduceReference(given["$ref"], given, place);
  if (Array.isArray(given["allOf"])) return reduceAll(given, given["allOf"], place);
  const variants = [given["anyOf"], given["oneOf"]].find((list) => Array.isArray(list) && list.length > 0);
  if (Array.isArray(variants)) return reduceVariants(given, variants, place);
  if (Array.isArray(given["type"])) return reduceTypes(given, given["type"], place);
  return reducePlain(given, place);
}

/**
 * Of a list too long for the budget, the first ones.
 * @param costOfEach what is added to each of them
 */
function reduceEach(list: readonly unknown[], place: Place, costOfEach = 0): JsonObject[] {
  const reduced: JsonObject[] = [];
  for (const given of list) {
    if (place.budget.left < 0) break;
    reduced.push(reduce(given, place));
    place.budget.left -= costOfEach;
  }
  return reduced;
}

function reduceReference(reference: string, given: JsonObject, place: Place): JsonObject {
  const { references, root } = place;
  const mayFollow = charge([reference], place) && references.length < MAX_REFERENCES && !references.includes(reference);
  const target = mayFollow ? findReference(root, reference) : undefined;
  const reduced =
    target === undefined ? ANYTHING : reduce(target, { ...place, references: [...references, reference] });
  return { ...reduced, ...describe(given, place) };
}

function reduceAll(given: JsonObject, parts: readonly unknown[], place: Place): JsonObject {
  const { allOf: _, ...beside } = given;
  const all = Object.keys(beside).some((name) => name === "properties" || name === "type") ? [beside, ...parts] : parts;
  return { ...mergeSchemas(reduceEach(all, place), "all"), ...describe(given, place) };
}

/** With several variants nothing else may be said beside them: the first one says it. */
function reduceVariants(given: JsonObject, variants: readonly unknown[], place: Place): JsonObject {
  const { anyOf: _, oneOf: __, ...beside } = given;
  const real = variants.filter((variant) => !isJsonObject(variant) || variant["type"] !== "null");
  const nullable = real.length < variants.length ? { nullable: true } : {};
  const described = describe(given, place);
  const before = place.budget.left;
  const base = isJsonObject(beside["properties"]) ? reduce(beside, place) : undefined;
  const reduced = reduceEach(real, place, before - place.budget.left).map((variant) =>
    base ? mergeSchemas([base, variant], "all") : variant,
  );
  const [first = base ?? ANYTHING, ...others] = reduced;
  if (others.length === 0) return { ...first, ...nullable, ...described };
  // Several constants are what others write as an enumeration.
  const values = reduced.flatMap(({ type, enum: texts }) => (type === "string" && Array.isArray(texts) ? [texts] : []));
  if (values.length === reduced.length) {
    return { type: "string", enum: [...new Set(values.flat())], ...nullable, ...described };
  }
  return { anyOf: [{ ...described, ...first }, ...others].map((variant) => ({ ...variant, ...nullable })) };
}

function reduceTypes(given: JsonObject, types: readonly unknown[], place: Place): JsonObject {
  const real = [...new Set(types)].filter((type) => TYPES.has(type));
  const nullable = types.includes("null") ? { nullable: true } : {};
  if (real.length < 2) return { ...reducePlain({ ...given, type: real[0] }, place), ...nullable };
  return { anyOf: real.map((type) => ({ ...reduce({ ...given, type }, place), ...nullable })) };
}

function reducePlain(given: JsonObject, place: Place): JsonObject {
  const type = typeOf(given);
  const reduced: Record<string, unknown> = { type, ...describe(given, place) };
  const formats = type === "string" ? TEXT_FORMATS : NUMBER_FORMATS;
  if (formats.has(given["format"])) reduced["format"] = given["format"];
  const values = valuesOf(given);
  // Enumerations are of texts only, and an empty one is refused.
  const texts = values.filter((value): value is string => typeof value === "string" && value !== "");
  if (type === "string" && texts.length > 0 && charge(texts, place)) reduced["enum"] = texts;
  if (values.includes(null)) reduced["nullable"] = true;
  if (type === "array") reduced["items"] = reduceItems(given, place);
  if (type === "object") reduceMembers(given, reduced, place);
  return reduced;
}

/** An array must say of what it is. */
function reduceItems(given: JsonObject, place: Place): JsonObject {
  const { items, prefixItems } = given;
  const first: unknown = [items, prefixItems].flat().find(isJsonObject);
  return first === undefined ? { type: "string" } : reduce(first, place);
}

function reduceMembers(given: JsonObject, reduced: Record<string, unknown>, place: Place): void {
  const members = isJsonObject(given["properties"]) ? Object.entries(given["properties"]) : [];
  const properties: Record<string, JsonObject> = {};
  for (const [name, member] of members) {
    if (name === "__proto__" || !charge([name], place)) continue;
    properties[name] = reduce(member, place);
  }
  if (Object.keys(properties).length === 0) return;
  reduced["properties"] = properties;
  const required = new Set<unknown>(Array.isArray(given["required"]) ? given["required"] : []);
  const known = Object.keys(properties).filter((name) => required.has(name));
  if (known.length > 0) reduced["required"] = known;
}

/** What is kept as it is. */
function describe(given: JsonObject, place: Place): Record<string, unknown> {
  const kept: Record<string, unknown> = {};
  for (const name of KEPT) {
    const value = given[name];
    const fits = typeof value === "string" ? charge([value], place) : typeof value === "number" || value === true;
    if (fits) kept[name] = value;
  }
  return kept;
}

/** Takes texts off the budget; false if they do not fit into it any more. */
function charge(texts: readonly string[], { budget }: Place): boolean {
  for (const text of texts) budget.left -= text.length;
  return budget.left >= 0;
}
