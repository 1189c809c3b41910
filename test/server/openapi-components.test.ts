import { expect, test } from "bun:test";
import { Type } from "@sinclair/typebox";
import { toComponents } from "../../src/server/openapi/components.ts";

const Inner = Type.Object({ id: Type.String() });

test("refuses a recursive schema whose name is not in the table", () => {
  const Tree = Type.Recursive((self) => Type.Object({ children: Type.Array(self) }), { $id: "Tree" });
  expect(() => toComponents({ Plant: Tree })).toThrow("Tree");
  expect(toComponents({ Tree })).toEqual({
    Tree: {
      type: "object",
      required: ["children"],
      properties: { children: { type: "array", items: { $ref: "#/components/schemas/Tree" } } },
    },
  });
});

test("refers to a named schema wherever it stands inside another, and writes an unnamed one out", () => {
  const Outer = Type.Object(
    { one: Inner, many: Type.Array(Inner), other: Type.Object({ id: Type.String() }) },
    { additionalProperties: Inner },
  );
  const reference = { $ref: "#/components/schemas/Inner" };
  expect(toComponents({ Inner, Outer }).Outer).toEqual({
    type: "object",
    required: ["one", "many", "other"],
    properties: {
      one: reference,
      many: { type: "array", items: reference },
      other: { type: "object", required: ["id"], properties: { id: { type: "string" } } },
    },
    additionalProperties: reference,
  });
});

test("writes constants and unions of constants as enums", () => {
  const { One, Several } = toComponents({
    One: Type.Literal("list"),
    Several: Type.Union([Type.Literal("a"), Type.Literal("b")], { description: "letters" }),
  });
  expect(One).toEqual({ type: "string", enum: ["list"] });
  expect(Several).toEqual({ type: "string", enum: ["a", "b"], description: "letters" });
});

test("writes a union with null as nullable, in each of its forms", () => {
  const Nulls = Type.Object({
    plain: Type.Union([Type.String({ minLength: 1 }), Type.Null()]),
    named: Type.Union([Inner, Type.Null()]),
    constant: Type.Union([Type.Literal("a"), Type.Null()]),
    constants: Type.Union([Type.Literal("a"), Type.Literal("b"), Type.Null()]),
    nested: Type.Union([Type.Union([Type.Literal("a"), Type.Literal("b")]), Type.Null()]),
    mixed: Type.Union([Type.String(), Inner, Type.Null()]),
  });
  const reference = { $ref: "#/components/schemas/Inner" };
  expect(toComponents({ Inner, Nulls }).Nulls["properties"]).toEqual({
    plain: { type: "string", minLength: 1, nullable: true },
    named: { nullable: true, allOf: [reference] },
    constant: { type: "string", nullable: true, enum: ["a", null] },
    constants: { type: "string", nullable: true, enum: ["a", "b", null] },
    nested: { type: "string", nullable: true, enum: ["a", "b", null] },
    mixed: { nullable: true, anyOf: [{ type: "string" }, reference] },
  });
});
