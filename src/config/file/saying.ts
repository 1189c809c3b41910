import { Type, type TSchema } from "@sinclair/typebox";

/** How a value of the file is written as the text of a variable. */
export type Notation = "text" | "list" | "keys" | "headers" | "query" | "apis";

/** Which setting a place of the file says. */
export interface Saying {
  /** The variable that says the same. @param path the keys on the way to it */
  readonly variable: (path: readonly string[]) => string;
  readonly notation: Notation;
  /** What is accepted, to follow the word "expected". */
  readonly accepted: string;
  /** As it would be written in a variable; blank if there is none. */
  readonly default: string;
}

const SAYS: unique symbol = Symbol("says");

type Says = { readonly [SAYS]?: Saying };

/** A schema for a place of the file that says a setting. */
export const says = (schema: TSchema, saying: Saying): TSchema => ({ ...schema, [SAYS]: saying }) as TSchema & Says;

/** Which setting the place of a schema says, if it says one. */
export const sayingOf = (schema: TSchema): Saying | undefined => (schema as Says)[SAYS];

/** In place of any value that is no text, for one that is filled in. */
export const reference = (): TSchema => Type.String({ pattern: "\\$\\{" });

/** A place of the file, as documentation names it: `providers.<id>.base_url`. */
export interface Place {
  readonly path: readonly string[];
  readonly schema: TSchema;
  readonly saying: Saying;
}

/** The name of the keys of a map that the operator chooses: `<id>`. */
export const keyName = (schema: TSchema): string => `<${String(schema["title"] ?? "name")}>`;

/**
 * Every place below a schema that says a setting.
 * @param names the keys of maps whose keys the operator may choose, known ones too, by the path of their map; without any, each
 *   such map has one, named for what it is, beside those that are known
 */
export function placesOf(
  schema: TSchema,
  names?: ReadonlyMap<string, readonly string[]>,
  path: readonly string[] = [],
): readonly Place[] {
  const saying = sayingOf(schema);
  if (saying) return [{ path, schema, saying }];
  const properties: Readonly<Record<string, TSchema>> = schema["properties"] ?? {};
  const further: TSchema | undefined = schema["additionalProperties"] || undefined;
  const listed = further && names?.get(path.join("."));
  const chosen = listed ?? (further && !names ? [keyName(further)] : []);
  return [
    ...Object.entries(properties)
      .filter(([key]) => listed?.includes(key) ?? true)
      .flatMap(([key, property]) => placesOf(property, names, [...path, key])),
    ...chosen
      .filter((key) => !Object.hasOwn(properties, key))
      .flatMap((key) => placesOf(further as TSchema, names, [...path, key])),
  ];
}
