import { describe, expect, test } from "bun:test";
import { isJsonObject, type JsonObject } from "../../../src/core/json/parse.ts";
import { reduceSchema } from "../../../src/tools/mcp/reduce-schema.ts";
import { startMcpServer } from "./mcp-server.ts";
import { openTestBox } from "./open-test-registry.ts";

/** https://ai.google.dev/api/caching#Schema */
const NAMES = new Set([
  ...["type", "format", "title", "description", "nullable", "enum", "properties", "required", "items", "anyOf"],
  ...["minimum", "maximum", "minItems", "maxItems", "minLength", "maxLength", "pattern"],
  ...["minProperties", "maxProperties"],
]);

/** Throws if Gemini would not take a schema. */
function requireAcceptable(schema: unknown): void {
  if (!isJsonObject(schema)) throw new Error(`no schema: ${JSON.stringify(schema)}`);
  for (const name of Object.keys(schema)) if (!NAMES.has(name)) throw new Error(`${name} is not known`);
  const { type, anyOf, properties, items, required, enum: values } = schema;
  if (Array.isArray(anyOf)) {
    expect(Object.keys(schema)).toEqual(["anyOf"]);
    for (const variant of anyOf) requireAcceptable(variant);
    return;
  }
  expect(["string", "number", "integer", "boolean", "array", "object"]).toContain(type as string);
  if (values !== undefined)
    expect((values as unknown[]).every((value) => typeof value === "string" && value !== "")).toBe(true);
  if (type === "array") requireAcceptable(items);
  if (isJsonObject(properties)) Object.values(properties).forEach(requireAcceptable);
  for (const name of (required ?? []) as string[]) expect(properties as object).toHaveProperty([name]);
}

const of = (member: unknown, more: JsonObject = {}): unknown => {
  const reduced = reduceSchema({ type: "object", properties: { a: member }, ...more });
  requireAcceptable(reduced);
  return (reduced["properties"] as JsonObject)["a"];
};

test.each([
  ["what is accepted", { type: "string", description: "d", minLength: 1, pattern: "^a" }, undefined],
  [
    "unknown names",
    { $comment: "c", type: "integer", minimum: 1, exclusiveMaximum: 5, multipleOf: 2, default: 1 },
    { type: "integer", minimum: 1 },
  ],
  [
    "an object",
    { type: "object", additionalProperties: false, properties: { b: { type: "number" } }, required: ["b", "c"] },
    { type: "object", properties: { b: { type: "number" } }, required: ["b"] },
  ],
  ["formats", { type: "string", format: "uri" }, { type: "string" }],
  ["a date", { type: "string", format: "date-time" }, undefined],
  ["a constant", { const: "x" }, { type: "string", enum: ["x"] }],
  ["a constant number", { const: 5 }, { type: "number" }],
  ["an enumeration with null and nothing", { enum: ["x", "", null] }, { type: "string", enum: ["x"], nullable: true }],
  ["an enumeration of numbers", { type: "integer", enum: [1, 2] }, { type: "integer" }],
  [
    "a type or null",
    { type: ["string", "null"], description: "d" },
    { type: "string", description: "d", nullable: true },
  ],
  [
    "several types",
    { type: ["string", "number"], description: "d" },
    {
      anyOf: [
        { type: "string", description: "d" },
        { type: "number", description: "d" },
      ],
    },
  ],
  [
    "a variant or null",
    { anyOf: [{ type: "number" }, { type: "null" }], description: "d" },
    { type: "number", nullable: true, description: "d" },
  ],
  [
    "one of several",
    { oneOf: [{ type: "string" }, { type: "array", items: { type: "number" } }] },
    { anyOf: [{ type: "string" }, { type: "array", items: { type: "number" } }] },
  ],
  [
    "one of constants",
    { oneOf: [{ const: "x", title: "X" }, { const: "y" }], description: "d" },
    { type: "string", enum: ["x", "y"], description: "d" },
  ],
  [
    "all of several",
    {
      allOf: [
        { type: "object", properties: { b: { type: "string" } }, required: ["b"] },
        { properties: { c: { type: "number" } } },
      ],
    },
    { type: "object", properties: { b: { type: "string" }, c: { type: "number" } }, required: ["b"] },
  ],
  ["an array of anything", { type: "array" }, { type: "array", items: { type: "string" } }],
  [
    "a tuple",
    { type: "array", prefixItems: [{ type: "number" }, { type: "string" }] },
    { type: "array", items: { type: "number" } },
  ],
  ["conditions", { type: "string", if: { const: "x" }, then: {}, not: { const: "z" } }, { type: "string" }],
  ["anything", {}, { type: "string" }],
  ["a boolean for a schema", true, { type: "object" }],
  ["nonsense", { type: "any", properties: 5, required: "a", enum: 3, items: [] }, { type: "object" }],
] as const)("%s", (_, member, expected) => {
  expect(of(member)).toEqual((expected ?? member) as never);
});

describe("references", () => {
  const $defs = {
    "a/b": { type: "string", description: "inner" },
    node: { type: "object", properties: { next: { $ref: "#/$defs/node" }, name: { type: "string" } } },
  };

  test("are replaced by what they point to, wherever that is", () => {
    expect(of({ $ref: "#/$defs/a~1b" }, { $defs })).toEqual({ type: "string", description: "inner" });
    expect(of({ $ref: "#/$defs/a~1b", description: "outer" }, { $defs })).toEqual({
      type: "string",
      description: "outer",
    });
    expect(of({ $ref: "#/definitions/x" }, { definitions: { x: { const: "y" } } })).toEqual({
      type: "string",
      enum: ["y"],
    });
    expect(of({ allOf: [{ $ref: "#/$defs/a~1b" }], description: "outer" }, { $defs })).toEqual({
      type: "string",
      description: "outer",
    });
  });

  test("of a cycle are cut", () => {
    const name = { type: "string" };
    expect(of({ $ref: "#/$defs/node" }, { $defs })).toEqual({
      type: "object",
      properties: { next: { type: "object" }, name },
    });
    expect(of({ $ref: "#" })).toEqual({ type: "object", properties: { a: { type: "object" } } });
  });

  test.each(["#/$defs/nothing", "https://example.com/schema", "#anchor", "#/$defs/%", "", "#/".repeat(50)])(
    "to nowhere (%s) are cut",
    ($ref) => {
      expect(of({ $ref, description: "d" }, { $defs })).toEqual({ type: "object", description: "d" });
    },
  );

  test("that double with each step cost no more than a bounded number of steps", () => {
    const levels = Array.from({ length: 30 }, (_, level) => [
      `l${level}`,
      { type: "object", properties: { x: { $ref: `#/$defs/l${level + 1}` }, y: { $ref: `#/$defs/l${level + 1}` } } },
    ]);
    const wide = {
      type: "object",
      properties: Object.fromEntries(Array.from({ length: 2000 }, (_, index) => [`p${index}`, { $ref: "#/$defs/l0" }])),
    };
    const reduced = reduceSchema({ ...wide, $defs: Object.fromEntries(levels) });
    requireAcceptable(reduced);
    expect(JSON.stringify(reduced).length).toBeLessThan(512 * 1024);
  });

  test("and long texts are not repeated without an end", () => {
    const long = { type: "string", description: "d".repeat(16 * 1024) };
    const properties = Object.fromEntries(
      Array.from({ length: 2000 }, (_, index) => [`p${index}`, { $ref: "#/$defs/long" }]),
    );
    expect(JSON.stringify(reduceSchema({ type: "object", properties, $defs: { long } })).length).toBeLessThan(
      512 * 1024,
    );
  });
});

test("arguments are an object, whatever the schema says", () => {
  const object = (name: string) => ({ type: "object", properties: { [name]: { type: "string" } }, required: [name] });
  const merged = { type: "object", properties: { b: { type: "string" }, c: { type: "string" } } };
  expect(reduceSchema({ oneOf: [object("b"), object("c")] })).toEqual(merged);
  expect(reduceSchema({ type: "string" })).toEqual({ type: "object" });
  expect(reduceSchema({})).toEqual({ type: "object" });
  expect(reduceSchema({ $ref: "#/$defs/x", $defs: { x: object("b") } })).toEqual(object("b"));
  expect(
    reduceSchema({
      type: "object",
      properties: { b: { type: "string" }, c: { type: "string" } },
      anyOf: [{ required: ["b"] }, { required: ["c"] }],
    }),
  ).toEqual(merged);
});

test("only the providers of the setting get reduced schemas, and clients the whole ones", async () => {
  const inputSchema = { $schema: "x", type: "object", properties: { a: { const: "b" } }, additionalProperties: false };
  await using server = await startMcpServer({ tools: [{ name: "echo", inputSchema }] });
  await using box = openTestBox({
    MCP_SERVERS: server.url,
    MCP_TOOL_MODE: "direct",
    MCP_REDUCE_SCHEMAS: "Google,groq",
  });
  await box.until(() => box.available(), "connected");
  const offer = box.offer(new Set());
  const parameters = (provider?: string) => offer.definitions(provider)[0]?.function.parameters;
  const reduced = { type: "object", properties: { a: { type: "string", enum: ["b"] } } };
  expect(parameters("google")).toEqual(reduced);
  expect(parameters("groq")).toEqual(reduced);
  expect(parameters("openai")).toEqual(inputSchema);
  expect(offer.tools[0]?.inputSchema).toEqual(inputSchema);
});
