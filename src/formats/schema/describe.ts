import { Kind, type TSchema } from "@sinclair/typebox";

/** JSON types as a sentence names them. */
const ARTICLES: Readonly<Record<string, string>> = {
  string: "a string",
  number: "a number",
  integer: "an integer",
  boolean: "a boolean",
  array: "an array",
  object: "an object",
  null: "null",
};

/** Joins alternatives the way a sentence does: `a, b or c`. */
function either(alternatives: readonly string[]): string {
  if (alternatives.length < 2) return alternatives.join("");
  return `${alternatives.slice(0, -1).join(", ")} or ${alternatives.at(-1)}`;
}

/** The branches of a union without null; a schema that is no union is its own only branch. */
export function branches(schema: TSchema): readonly TSchema[] {
  const alternatives: unknown = schema["anyOf"];
  if (schema[Kind] !== "Union" || !Array.isArray(alternatives)) return [schema];
  return alternatives.flatMap((branch: TSchema) => branches(branch)).filter((branch) => branch["type"] !== "null");
}

/** Says what a schema accepts, to follow "must be": `a string or an array`, `one of a, b`, `"list"`. */
export function describeSchema(schema: TSchema): string {
  const accepted = branches(schema);
  const constants = accepted.filter((branch) => "const" in branch);
  if (constants.length === accepted.length) {
    const values = constants.map((branch) => String(branch["const"]));
    return values.length === 1 ? `${values[0]}` : `one of ${values.join(", ")}`;
  }
  return either([...new Set(accepted.map((branch) => ARTICLES[String(branch["type"])] ?? "a JSON value"))]);
}
