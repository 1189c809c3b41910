import { isJsonObject, type JsonObject } from "../../core/json/parse.ts";
import { listOf } from "../../core/json/values.ts";
import { CannotTranslate } from "../form/dialect.ts";

/** How much the schemas of one request may become with their references written out, all of them together. */
export interface SchemaBudget {
  schemas: number;
  /** Of what is copied: a unit for each character, and some for each member. */
  weight: number;
}

/** The schema that references are looked up in. */
export interface SchemaRoot {
  readonly schema: JsonObject;
  /** Where it is in the request, for errors. */
  readonly member: string;
  readonly budget: SchemaBudget;
}

/** References may be to what has references: written out, few of them can be much. So many schemas take 30 ms. */
const MAX_SCHEMAS = 10_000;

const MAX_WEIGHT = 2 * 1024 * 1024;

/** Of a member or element, beside its characters. */
const MEMBER_WEIGHT = 16;

/** References that lead to one another. */
const MAX_CHAIN = 100;

export const openSchemaBudget = (): SchemaBudget => ({ schemas: MAX_SCHEMAS, weight: MAX_WEIGHT });

/** @throws CannotTranslate if it is more than is left */
function spend({ budget, member }: SchemaRoot, schemas: number, weight: number): void {
  budget.schemas -= schemas;
  budget.weight -= weight;
  if (budget.schemas < 0 || budget.weight < 0) throw new CannotTranslate(member, TOO_LARGE);
}

/** What is written of a schema itself: texts, lists of them, and the names of members. */
function weightOf(schema: JsonObject): number {
  let weight = 0;
  for (const [name, value] of Object.entries(schema)) {
    weight += MEMBER_WEIGHT + name.length + lengthOf(value);
    if (Array.isArray(value)) for (const element of value) weight += MEMBER_WEIGHT + lengthOf(element);
  }
  return weight;
}

const lengthOf = (value: unknown): number => (typeof value === "string" ? value.length : 0);

const TOO_LARGE = "its schema is too large with its references written out";

/**
 * Puts in place of a reference what it refers to, with what is said beside it, and the same for the parts of `allOf`.
 * @param within the references that led here
 * @returns also the references that have led further
 * @throws CannotTranslate if the schema refers to itself, or to nothing
 */
export function derefSchema(
  schema: JsonObject,
  within: readonly string[],
  root: SchemaRoot,
): { readonly schema: JsonObject; readonly references: readonly string[] } {
  spend(root, 1, 0);
  let plain = schema;
  let references = within;
  while (typeof plain["$ref"] === "string") {
    const { $ref: reference, ...beside } = plain;
    if (references.includes(reference)) {
      throw new CannotTranslate(root.member, "its schema refers to itself, which this model cannot be told");
    }
    if (references.length === MAX_CHAIN) throw new CannotTranslate(root.member, TOO_LARGE);
    references = [...references, reference];
    spend(root, 0, reference.length);
    const found = resolve(reference, root);
    spend(root, 0, weightOf(found));
    plain = { ...found, ...beside };
  }
  // Its parts are written as often as what refers to it.
  if (within.length > 0) spend(root, 0, weightOf(schema));
  if (!Array.isArray(plain["allOf"])) return { schema: plain, references };
  const parts = plain["allOf"].filter(isJsonObject).map((part) => derefSchema(part, references, root));
  return {
    schema: { ...plain, allOf: parts.map((part) => part.schema) },
    references: [...new Set([...references, ...parts.flatMap((part) => part.references)])],
  };
}

/** A JSON pointer in a fragment. https://www.rfc-editor.org/rfc/rfc6901#section-6 */
function resolve(reference: string, { schema, member }: SchemaRoot): JsonObject {
  const fail = (): never => {
    throw new CannotTranslate(member, `its schema refers to ${JSON.stringify(reference)}, which is not in it`);
  };
  if (!reference.startsWith("#")) return fail();
  let found: unknown = schema;
  for (const token of reference.slice(1).split("/").slice(1)) {
    const name = decode(token).replaceAll("~1", "/").replaceAll("~0", "~");
    if (isJsonObject(found)) found = Object.hasOwn(found, name) ? found[name] : undefined;
    else found = Array.isArray(found) ? found[Number(name)] : undefined;
  }
  return isJsonObject(found) ? found : fail();
}

function decode(token: string): string {
  try {
    return decodeURIComponent(token);
  } catch {
    return token;
  }
}

/**
 * A schema with its `allOf` merged into it: members of all of them, and of all else what is said last.
 * @throws CannotTranslate if that is too much
 */
export function mergeSchemas(schema: JsonObject, root: SchemaRoot): JsonObject {
  const { allOf, ...own } = schema;
  if (!Array.isArray(allOf)) return schema;
  const parts = [...allOf.filter(isJsonObject).map((part) => mergeSchemas(part, root)), own];
  const properties = entriesOf(parts.map((part) => part["properties"]));
  // Those within are copied anew at each level.
  spend(root, 0, properties.length * MEMBER_WEIGHT);
  const required = new Set(parts.flatMap((part) => listOf(part["required"])));
  return {
    ...Object.fromEntries(entriesOf(parts)),
    ...(properties.length > 0 && { properties: Object.fromEntries(properties) }),
    ...(required.size > 0 && { required: [...required] }),
  };
}

const entriesOf = (objects: readonly unknown[]): [string, unknown][] =>
  objects.filter(isJsonObject).flatMap(Object.entries);
