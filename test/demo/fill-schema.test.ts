import { describe, expect, test } from "bun:test";
import type { JsonObject } from "../../src/core/json/parse.ts";
import { fillSchema } from "../../src/demo/fill-schema.ts";
import { cpuGrowth, LINEAR } from "../fixtures/cpu-growth.ts";

const names = (count: number): string[] => Array.from({ length: count }, (_, index) => `name_${index}`);
const members = (count: number, schema: JsonObject): JsonObject =>
  Object.fromEntries(names(count).map((name) => [name, schema]));
const object = (properties: JsonObject, required: readonly string[] = Object.keys(properties)): JsonObject => ({
  ...{ type: "object", properties, required },
});

describe("a large schema takes time by its size", () => {
  test.each<[string, (size: number) => JsonObject]>([
    ["of many members", (size) => object(members(size, { type: "string" }))],
    ["of many values", (size) => object({ a: { enum: names(size) } })],
    ["of many types", (size) => ({ ...members(size, {}), type: names(size) })],
    [
      "of many references to a large part",
      (size) => ({ ...object(members(size, { $ref: "#/$defs/a" })), $defs: { a: object(members(size, {})) } }),
    ],
    [
      "of many references to a part with many members that mean nothing",
      (size) => ({
        ...object(members(size, { $ref: "#/$defs/a" })),
        $defs: { a: { type: "string", ...members(size, {}) } },
      }),
    ],
    [
      "of many references to one that is long",
      (size) => ({
        ...object(members(size, { $ref: "#/$defs/a" })),
        $defs: { a: { $ref: `#/${"a/".repeat(size * 4)}` } },
      }),
    ],
    [
      "of many references to a large value",
      (size) => ({ ...object(members(size, { $ref: "#/$defs/a" })), $defs: { a: { const: "a".repeat(size) } } }),
    ],
  ])("%s", async (_, schemaOf) => {
    const make = (size: number) => {
      const schema = schemaOf(size);
      const message = "some message ".repeat(size);
      return () => JSON.stringify(fillSchema(schema, message));
    };
    expect(await cpuGrowth(10_000, make)).toBeLessThan(LINEAR);
  });

  test.each<[string, JsonObject]>([
    ["what it repeats", { const: "a".repeat(40_000) }],
    ["what is said", { type: "string" }],
  ])("and %s ends the answer after about a million characters", (_, a) => {
    const schema = { ...object(members(10_000, { $ref: "#/$defs/a" })), $defs: { a } };
    const filled = JSON.stringify(fillSchema(schema, "word ".repeat(1000)));
    expect(filled.length).toBeGreaterThan(900_000);
    expect(filled.length).toBeLessThan(1_300_000);
  });
});

test("what the schema gives itself is taken, in the order of its keywords", () => {
  const schema = object({
    only: { const: 1, default: 2 },
    usual: { type: "integer", default: 3 },
    one: { enum: ["a", "b"] },
    mentioned: { enum: ["a", "Rome"] },
    either: { type: ["string", "null"] },
    some: { type: ["integer", "string"], default: 4 },
  });
  expect(fillSchema(schema, "To rome!")).toEqual({
    ...{ only: 1, usual: 3, one: "a", mentioned: "Rome", either: null, some: 4 },
  });
});
