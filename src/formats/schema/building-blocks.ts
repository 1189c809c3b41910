import {
  Type,
  type TNull,
  type TObject,
  type TOptional,
  type TProperties,
  type TSchema,
  type TUnion,
} from "@sinclair/typebox";

/**
 * An object schema that lets unknown fields through, which every object of the API does: a provider may understand a
 * field that the gateway does not.
 */
export function openObject<Properties extends TProperties>(
  properties: Properties,
  description?: string,
): TObject<Properties> {
  return Type.Object(properties, { ...(description === undefined ? {} : { description }), additionalProperties: true });
}

/**
 * A field that may be absent or null: clients in languages without "absent" send null for every field they leave out.
 * The wrapped schema keeps its identity inside the union, which is how the OpenAPI document finds named schemas.
 */
export function nullish<Schema extends TSchema>(schema: Schema): TOptional<TUnion<[Schema, TNull]>> {
  return Type.Optional(Type.Union([schema, Type.Null()]));
}

/** What is wrong with a request: one field, and what is accepted there. Never holds the rejected value. */
export interface Problem {
  /** Where, as `messages[2].role`; empty for the body as a whole. */
  readonly path: string;
  /** A whole sentence that begins with the path and needs no context. */
  readonly message: string;
}
