import type { TSchema } from "@sinclair/typebox";

/** A schema object or a reference as OpenAPI 3.0 writes it: plain JSON. */
export type OpenApiSchema = Readonly<Record<string, unknown>>;

/** Keywords whose value may be a schema. */
const ONE_SCHEMA: ReadonlySet<string> = new Set(["items", "additionalProperties", "not"]);
/** Keywords that TypeBox or JSON Schema has and OpenAPI 3.0 has not. */
const DROPPED: ReadonlySet<string> = new Set(["$id", "anyOf", "const"]);

/** A reference to a component of an OpenAPI document. */
export interface SchemaReference {
  $ref: string;
}

/** Refers to a component by its name. */
export function schemaReference(name: string): SchemaReference {
  return { $ref: `#/components/schemas/${name}` };
}

/**
 * Turns named TypeBox schemas into the `components.schemas` of an OpenAPI 3.0 document.
 * A named schema inside another one is known by identity and becomes a `$ref`; constants become one-valued and unions
 * of constants many-valued `enum`s; a union with null becomes `nullable`, as OpenAPI 3.0 has no type null.
 * @param schemas TypeBox schemas by their names
 * @returns plain JSON by the same names
 * @throws Error if a recursive schema refers to a name that is not in the table: the reference would dangle
 */
export function toComponents<Name extends string>(
  schemas: Readonly<Record<Name, TSchema>>,
): Record<Name, OpenApiSchema> {
  const names = new Map<unknown, string>();
  for (const [name, schema] of Object.entries<TSchema>(schemas)) names.set(schema, name);

  function convert(schema: TSchema): OpenApiSchema {
    const name = names.get(schema);
    return name === undefined ? convertInline(schema) : { ...schemaReference(name) };
  }

  function convertInline(schema: TSchema): OpenApiSchema {
    const target: unknown = schema["$ref"];
    if (typeof target === "string") {
      if (!Object.hasOwn(schemas, target)) throw new Error(`A schema refers to ${target}, which is not in the table`);
      return { ...schemaReference(target) };
    }
    return Array.isArray(schema["anyOf"]) ? convertUnion(schema, schema["anyOf"]) : convertPlain(schema);
  }

  function convertPlain(schema: TSchema): OpenApiSchema {
    const written: Record<string, unknown> = {};
    for (const [keyword, value] of Object.entries(schema)) {
      if (DROPPED.has(keyword)) continue;
      const holdsSchema = ONE_SCHEMA.has(keyword) && typeof value === "object";
      if (keyword === "properties") written[keyword] = convertProperties(value);
      else written[keyword] = holdsSchema ? convert(value) : value;
    }
    if ("const" in schema) written["enum"] = [schema["const"]];
    return written;
  }

  function convertProperties(properties: Readonly<Record<string, TSchema>>): Record<string, OpenApiSchema> {
    return Object.fromEntries(Object.entries(properties).map(([key, member]) => [key, convert(member)]));
  }

  function convertUnion(schema: TSchema, members: readonly TSchema[]): OpenApiSchema {
    const nullable = members.some((member) => member["type"] === "null");
    const accepted = members.filter((member) => member["type"] !== "null");
    const [first, second] = accepted;
    const outside = Object.fromEntries(Object.entries(schema).filter(([keyword]) => !DROPPED.has(keyword)));
    if (first !== undefined && second === undefined) return { ...orNull(first, nullable), ...outside };
    const constants = accepted.filter((member) => "const" in member);
    if (constants.length === accepted.length) {
      const values = constants.map((member) => member["const"]);
      return { type: first?.["type"], enum: nullable ? [...values, null] : values, ...mark(nullable), ...outside };
    }
    return { anyOf: accepted.map(convert), ...mark(nullable), ...outside };
  }

  function orNull(schema: TSchema, nullable: boolean): OpenApiSchema {
    const written = convert(schema);
    if (!nullable) return written;
    // Whatever is beside a $ref is ignored, so a reference that may be null goes through allOf.
    if ("$ref" in written) return { nullable: true, allOf: [written] };
    const values = written["enum"];
    // An enum decides alone: nullable without null among its values would not accept null.
    return { ...written, nullable: true, ...(Array.isArray(values) ? { enum: [...values, null] } : {}) };
  }

  const components = Object.entries<TSchema>(schemas).map(([name, schema]) => [name, convertInline(schema)]);
  return Object.fromEntries(components) as Record<Name, OpenApiSchema>;
}

function mark(nullable: boolean): OpenApiSchema {
  return nullable ? { nullable: true } : {};
}
