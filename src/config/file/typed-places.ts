import { Type, type TSchema, type TUnsafe } from "@sinclair/typebox";
import type { JsonObject } from "../../core/json/parse.ts";
import { keyName, sayingOf } from "./saying.ts";

/** How a place of the file is read that says no setting: it has a type, and no variable says the same. */
export interface ValueReading<Value = unknown> {
  /** What is accepted, to follow the word "expected". */
  readonly accepted: string;
  /** @returns undefined if the text is not accepted */
  readonly parse: (text: string) => Value | undefined;
  /** Its value is a number of milliseconds. */
  readonly isDuration?: true;
}

const READS: unique symbol = Symbol("reads");
const ACCEPTS: unique symbol = Symbol("accepts");
const IS_JSON: unique symbol = Symbol("isJson");
const IS_PART: unique symbol = Symbol("isPart");

interface Marks {
  readonly [READS]?: ValueReading;
  readonly [ACCEPTS]?: string;
  readonly [IS_JSON]?: true;
  readonly [IS_PART]?: true;
}

/** A place whose text is read. @param schema of what is accepted there, as editors see it */
export function typedPlace<Value>(schema: TSchema, description: string, reading: ValueReading<Value>): TUnsafe<Value> {
  const marks: Marks = { [READS]: reading, [ACCEPTS]: reading.accepted };
  return Type.Unsafe<Value>({ ...schema, description, ...marks });
}

/** A place for any object of JSON. */
export function jsonPlace(description: string): TUnsafe<JsonObject> {
  const marks: Marks = { [IS_JSON]: true, [ACCEPTS]: "keys and values" };
  return Type.Unsafe<JsonObject>({ ...Type.Object({}), description, ...marks });
}

/** A list or a section, and what is accepted there. */
export const accepting = <Schema extends TSchema>(accepted: string, schema: Schema): Schema => {
  const marks: Marks = { [ACCEPTS]: accepted };
  return { ...schema, ...marks };
};

/** A section that is read as a whole, once nothing is wrong with it. */
export const partOfFile = <Schema extends TSchema>(schema: Schema): Schema => {
  const marks: Marks = { [IS_PART]: true };
  return { ...schema, ...marks };
};

export const readingOf = (schema: TSchema): ValueReading | undefined => (schema as Marks)[READS];
export const isJsonPlace = (schema: TSchema): boolean => (schema as Marks)[IS_JSON] === true;
export const isPartOfFile = (schema: TSchema): boolean => (schema as Marks)[IS_PART] === true;

/** A place that no variable says, as documentation names it: `<name>.deployments[].provider`. */
export interface TypedPlace {
  readonly path: readonly string[];
  readonly schema: TSchema;
  readonly accepted: string;
}

/** Every place below a schema that has a value and says no setting; keys that the operator chooses are named for what they are. */
export function typedPlacesOf(schema: TSchema, path: readonly string[] = []): readonly TypedPlace[] {
  const accepted = acceptedAt(schema);
  const items: TSchema | undefined = schema["items"];
  const isValue = readingOf(schema) || isJsonPlace(schema) || (items && readingOf(items));
  if (isValue && accepted !== undefined) return [{ path, schema, accepted }];
  if (sayingOf(schema)) return [];
  if (items) return typedPlacesOf(items, [...path.slice(0, -1), `${path.at(-1)}[]`]);
  const properties: Readonly<Record<string, TSchema>> = schema["properties"] ?? {};
  const further: TSchema | undefined = schema["additionalProperties"] || undefined;
  return [
    ...Object.entries(properties).flatMap(([key, property]) => typedPlacesOf(property, [...path, key])),
    ...(further ? typedPlacesOf(further, [...path, keyName(further)]) : []),
  ];
}

/** What is accepted at a place, to follow the word "expected"; undefined if only the places around it say so. */
export const acceptedAt = (schema: TSchema): string | undefined =>
  sayingOf(schema)?.accepted ?? (schema as Marks)[ACCEPTS];
