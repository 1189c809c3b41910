import { isJsonObject, type JsonObject } from "../../core/json/parse.ts";
import { listOf } from "../../core/json/values.ts";
import { CannotTranslate } from "../form/dialect.ts";

/** The schema that references are looked up in. */
export interface SchemaRoot {
  readonly schema: JsonObject;
  /** Where it is in the request, for errors. */
  readonly member: string;
  /** Counts one more schema of what is written. @throws CannotTranslate if there are too many */
  count(): void;
}

/** References may be to what has references: written out, few of them can be much. */
const MAX_SCHEMAS = 10_000;

/** References that lead to one another. */
const MAX_CHAIN = 100;

/** @param member where the schema is in the request */
export function schemaRoot(schema: JsonObject, member: string): SchemaRoot {
  let schemas = 0;
  return {
    schema,
    member,
    count() {
      schemas += 1;
      if (schemas > MAX_SCHEMAS) throw new CannotTranslate(member, TOO_LARGE);
    },
  };
}

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
  root.count();
  let plain = schema;
  let references = within;
  while (typeof plain["$ref"] === "string") {
    const { $ref: reference, ...beside } = plain;
    if (references.includes(reference)) {
      throw new CannotTranslate(root.member, "its schema refers to itself, which this model cannot be told");
    }
    if (references.length === MAX_CHAIN) throw new CannotTranslate(root.member, TOO_LARGE);
    references = [...references, reference];
    plain = { ...resolve(reference, root), ...beside };
  }
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

/** A schema with its `allOf` merged into it: members of all of them, and of all else what is said last. */
export function mergeSchemas(schema: JsonObject): JsonObject {
  const { allOf, ...own } = schema;
  if (!Array.isArray(allOf)) return schema;
  const parts = [...allOf.filter(isJsonObject).map(mergeSchemas), own];
  const properties = entriesOf(parts.map((part) => part["properties"]));
  const required = new Set(parts.flatMap((part) => listOf(part["required"])));
  return {
    ...Object.fromEntries(entriesOf(parts)),
    ...(properties.length > 0 && { properties: Object.fromEntries(properties) }),
    ...(required.size > 0 && { required: [...required] }),
  };
}

const entriesOf = (objects: readonly unknown[]): [string, unknown][] =>
  objects.filter(isJsonObject).flatMap(Object.entries);
