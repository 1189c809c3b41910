import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { isJsonObject, type JsonObject } from "../../../src/core/json/parse.ts";
import { CannotTranslate } from "../../../src/formats/form/dialect.ts";
import { cleanSchema } from "../../../src/formats/gemini/clean-schema.ts";
import { openSchemaBudget } from "../../../src/formats/gemini/schema-references.ts";
import { brokenRules } from "./provider-rules.ts";

const inObject = (x: unknown): JsonObject => ({ type: "object", properties: { x } });
const clean = (x: JsonObject): unknown => {
  const { properties } = cleanSchema(inObject(x), "tools.f.parameters").schema;
  return isJsonObject(properties) ? properties["x"] : undefined;
};

describe("a schema in the words that older models know", () => {
  test.each<[string, JsonObject, JsonObject]>([
    ["a type that may be null", { type: ["string", "null"] }, { nullable: true, type: "string" }],
    ["several types", { type: ["string", "integer"] }, { anyOf: [{ type: "string" }, { type: "integer" }] }],
    ["one value", { const: "a" }, { type: "string", enum: ["a"] }],
    ["a list with null", { enum: ["a", null] }, { nullable: true, type: "string", enum: ["a"] }],
    ["numbers in a list", { type: "integer", enum: [1, 2] }, { type: "integer", description: "One of: 1, 2." }],
    [
      "one of",
      { oneOf: [{ type: "string" }, { type: "number" }] },
      { anyOf: [{ type: "string" }, { type: "number" }] },
    ],
    [
      "anything or null",
      { anyOf: [{ type: "string", minLength: 2 }, { type: "null" }] },
      {
        ...{ nullable: true, type: "string", minLength: 2 },
      },
    ],
    [
      "all of",
      {
        allOf: [
          { type: "object", properties: { a: { type: "string" } }, required: ["a"] },
          {
            ...{ properties: { b: { type: "number" } }, required: ["b"] },
          },
        ],
      },
      { type: "object", properties: { a: { type: "string" }, b: { type: "number" } }, required: ["a", "b"] },
    ],
    [
      "limits of integers",
      { type: "integer", exclusiveMinimum: 0, exclusiveMaximum: 9 },
      {
        ...{ type: "integer", minimum: 1, maximum: 8 },
      },
    ],
    ["limits of fractions", { type: "number", exclusiveMinimum: 0 }, { type: "number", minimum: 0 }],
    ["known formats", { type: "string", format: "date-time" }, { type: "string", format: "date-time" }],
    ["other formats", { type: "string", format: "uri" }, { type: "string" }],
    ["a list of anything", { type: "array" }, { type: "array", items: { type: "string" } }],
    [
      "a tuple",
      { type: "array", prefixItems: [{ type: "string" }, { type: "number" }] },
      {
        ...{ type: "array", items: { anyOf: [{ type: "string" }, { type: "number" }] } },
      },
    ],
    [
      "what is required and not described",
      { type: "object", properties: { a: { type: "string" } }, required: ["a", "b"] },
      {
        ...{ type: "object", properties: { a: { type: "string" } }, required: ["a"] },
      },
    ],
    [
      "unknown words",
      { type: "string", $comment: "x", default: "a", examples: ["a"], contentEncoding: "x", not: {} },
      {
        type: "string",
      },
    ],
    [
      "an object without a type",
      { properties: { a: { type: "string" } } },
      {
        ...{ type: "object", properties: { a: { type: "string" } } },
      },
    ],
  ])("%s", (_, schema, expected) => {
    expect(clean(schema)).toEqual(expected);
  });

  test("references are written out, with what is said beside them", () => {
    const schema = {
      ...inObject({ $ref: "#/$defs/a~1b", description: "mine" }),
      $defs: { "a/b": { $ref: "#/definitions/c" } },
      definitions: { c: { type: "string", description: "its" } },
    };
    expect(cleanSchema(schema, "m")).toEqual({
      schema: inObject({ type: "string", description: "mine" }),
      isExact: true,
    });
  });

  test("says whether something was lost", () => {
    const lost = (schema: JsonObject): boolean => !cleanSchema(inObject(schema), "m").isExact;
    expect(lost({ type: "object", additionalProperties: false, $comment: "x" })).toBeFalse();
    expect(lost({ type: "object", additionalProperties: { type: "string" } })).toBeTrue();
    expect(lost({ type: "number", multipleOf: 5 })).toBeTrue();
    expect(lost({ type: "string", if: {}, then: {} })).toBeTrue();
  });

  const nested = (depth: number): JsonObject =>
    Object.fromEntries(
      Array.from({ length: depth }, (_, at) => [
        `d${at}`,
        { allOf: [{ $ref: `#/$defs/d${at + 1}` }, { $ref: `#/$defs/d${at + 1}` }] },
      ]).concat([[`d${depth}`, { type: "string" }]] as never),
    );

  test.each<[string, JsonObject, RegExp]>([
    ["itself", { ...inObject({ $ref: "#" }) }, /refers to itself/],
    [
      "itself by another one",
      {
        ...inObject({ $ref: "#/$defs/a" }),
        $defs: { a: { anyOf: [{ $ref: "#/$defs/b" }] }, b: { items: { $ref: "#/$defs/a" } } },
      },
      /refers to itself/,
    ],
    ["nothing", inObject({ $ref: "#/$defs/a" }), /is not in it/],
    ["another document", inObject({ $ref: "https://example.com/a.json" }), /is not in it/],
    ["so much that it grows without end", { ...inObject({ $ref: "#/$defs/d0" }), $defs: nested(40) }, /too large/],
    [
      "a chain without end",
      {
        ...inObject({ $ref: "#/$defs/d0" }),
        $defs: Object.fromEntries(
          Array.from({ length: 5000 }, (_, at) => [`d${at}`, inObject({ $ref: `#/$defs/d${at + 1}` })]),
        ),
      },
      /too large/,
    ],
  ])("is refused if it refers to %s", (_, schema, reason) => {
    expect(() => cleanSchema(schema, "tools.f.parameters")).toThrow(reason);
    expect(() => cleanSchema(schema, "tools.f.parameters")).toThrow(CannotTranslate);
  });

  const repeated = (count: number, repeatedly: JsonObject): JsonObject => ({
    type: "object",
    $defs: { d: repeatedly },
    properties: Object.fromEntries(Array.from({ length: count }, (_, at) => [`p${at}`, { $ref: "#/$defs/d" }])),
  });
  const names = Array.from({ length: 1000 }, (_, at) => `name ${at}`);

  test.each<[string, JsonObject]>([
    ["texts", repeated(5000, { type: "string", description: "d".repeat(1000) })],
    ["lists of values", repeated(5000, { type: "string", enum: names })],
    ["members", repeated(5000, { type: "string", ...Object.fromEntries(names.map((name) => [name, 1])) })],
    ["names that are required", repeated(5000, { type: "object", required: names })],
    ["parts of what is referred to", repeated(5000, { allOf: [{ type: "string", description: "d".repeat(1000) }] })],
    ["members of it", repeated(5000, { properties: { a: { type: "string", description: "d".repeat(1000) } } })],
  ])("is refused if its references repeat %s without measure", (_, schema) => {
    expect(() => cleanSchema(schema, "tools.f.parameters")).toThrow(CannotTranslate);
    expect(() => cleanSchema(repeated(10, { type: "string", enum: names }), "tools.f.parameters")).not.toThrow();
  });

  test("is refused if all of a request together are too much", () => {
    const budget = openSchemaBudget();
    const schema = repeated(1000, { type: "string" });
    expect(() => {
      for (let tools = 0; tools < 100; tools += 1) cleanSchema(schema, "tools.f.parameters", budget);
    }).toThrow(/too large/);
  });

  test("has no word that the API does not know, whatever it was made of", () => {
    const leaf = fc.record(
      {
        type: fc.oneof(
          fc.constantFrom("string", "integer", "number", "boolean", "null", "array", "object"),
          fc.constant(["string", "null"]),
        ),
        format: fc.constantFrom("uri", "date-time", "int32"),
        enum: fc.array(fc.oneof(fc.string(), fc.integer(), fc.constant(null)), { minLength: 1 }),
        const: fc.oneof(fc.string(), fc.boolean(), fc.constant(null)),
        additionalProperties: fc.boolean(),
        exclusiveMinimum: fc.integer(),
        pattern: fc.string(),
        uniqueItems: fc.boolean(),
      },
      { requiredKeys: [] },
    );
    const { schema } = fc.letrec((tie) => ({
      schema: fc.oneof({ depthSize: "small" }, leaf, tie("node")),
      node: fc.record(
        {
          properties: fc.dictionary(fc.string(), tie("schema"), { maxKeys: 3 }),
          required: fc.array(fc.string()),
          items: fc.oneof(tie("schema"), fc.array(tie("schema"), { maxLength: 2 })),
          anyOf: fc.array(tie("schema"), { maxLength: 3 }),
          oneOf: fc.array(tie("schema"), { maxLength: 3 }),
          allOf: fc.array(tie("schema"), { maxLength: 3 }),
          not: tie("schema"),
        },
        { requiredKeys: [] },
      ),
    }));
    fc.assert(
      fc.property(schema, (made) => {
        const cleaned = cleanSchema(made as JsonObject, "m").schema;
        const contents = [{ role: "user", parts: [{ text: "a" }] }];
        const body = { contents, generationConfig: { responseSchema: cleaned } };
        expect(brokenRules(body, "gemini-2.0-flash")).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });
});
