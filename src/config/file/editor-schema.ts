import type { TSchema } from "@sinclair/typebox";
import { FILE_SCHEMA } from "./file-schema.ts";
import { sayingOf } from "./saying.ts";
import { acceptedAt } from "./typed-places.ts";

/** Draft 7 is what editors know. https://json-schema.org/draft-07 */
const DIALECT = "http://json-schema.org/draft-07/schema#";

/**
 * The JSON Schema of the configuration file, for editors: `# yaml-language-server: $schema=gateway.schema.json`. What is
 * the same in several places is there once.
 */
export function editorSchema(): string {
  const definitions: Record<string, unknown> = {};
  const names = new Map<TSchema, string>();
  const counts = new Map<TSchema, number>();
  countUses(FILE_SCHEMA, counts);

  const write = (schema: TSchema): unknown => {
    const isShared = (counts.get(schema) ?? 0) > 1;
    if (!isShared) return describe(schema);
    let name = names.get(schema);
    if (name === undefined) {
      name = `shared${names.size + 1}`;
      names.set(schema, name);
      definitions[name] = describe(schema);
    }
    return { $ref: `#/definitions/${name}` };
  };

  const describe = (schema: TSchema): unknown => {
    const { properties, additionalProperties, items, anyOf, type, default: _, ...rest } = schema;
    const accepted = acceptedAt(schema);
    const description = [rest["description"], accepted && `Accepted: ${accepted}.`].filter(Boolean).join(". ");
    const isSection = type === "object" && sayingOf(schema) === undefined;
    return {
      ...rest,
      // A section may have nothing below it.
      ...(type !== undefined && { type: isSection ? ["object", "null"] : type }),
      ...(description !== "" && { description }),
      ...(properties && { properties: mapValues(properties, write) }),
      ...(additionalProperties !== undefined && {
        additionalProperties: additionalProperties === false ? false : write(additionalProperties),
      }),
      ...(items && { items: write(items) }),
      ...(anyOf && { anyOf: anyOf.map(write) }),
    };
  };

  const whole = describe(FILE_SCHEMA) as object;
  return `${JSON.stringify({ $schema: DIALECT, title: "Configuration of the inference gateway", ...whole, definitions }, null, 2)}\n`;
}

const mapValues = (properties: Readonly<Record<string, TSchema>>, write: (schema: TSchema) => unknown) =>
  Object.fromEntries(Object.entries(properties).map(([key, schema]) => [key, write(schema)]));

/** How often each schema is used, by identity. */
function countUses(schema: TSchema, counts: Map<TSchema, number>): void {
  const count = (counts.get(schema) ?? 0) + 1;
  counts.set(schema, count);
  if (count > 1) return;
  const { properties = {}, additionalProperties, items, anyOf = [] } = schema;
  const below: TSchema[] = [...Object.values<TSchema>(properties), ...anyOf];
  for (const further of [additionalProperties, items]) if (further) below.push(further);
  for (const one of below) countUses(one, counts);
}
