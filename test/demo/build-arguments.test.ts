import { describe, expect, test } from "bun:test";
import { buildArguments } from "../../src/demo/build-arguments.ts";
import type { JsonObject } from "../../src/demo/json-object.ts";

const object = (properties: JsonObject, required: readonly string[] = Object.keys(properties)): JsonObject => ({
  type: "object",
  properties,
  required,
});
const string = { type: "string" };
const number = { type: "number" };

describe("required arguments that the message does not offer", () => {
  test("take their default, the first of an enum, or an obvious value", () => {
    const schema = object({
      unit: { enum: ["celsius", "fahrenheit"] },
      days: { type: "integer", default: 3 },
      least: { type: "integer", minimum: 2 },
      count: number,
      exact: { type: "boolean" },
      tags: { type: "array", items: string },
      city: string,
      message: string,
      nested: object({ deep: { type: "boolean" } }),
    });
    expect(buildArguments(schema, "please do it")).toEqual({
      unit: "celsius",
      days: 3,
      least: 2,
      count: 0,
      exact: false,
      tags: [],
      city: "Paris",
      message: "please do it",
      nested: { deep: false },
    });
  });

  test("end in a schema that refers to itself", () => {
    const schema = {
      ...object({ node: { $ref: "#/$defs/node" } }),
      $defs: { node: object({ next: { $ref: "#/$defs/node" } }) },
    };
    expect(buildArguments(schema, "go")).toHaveProperty("node.next.next");
  });

  test("of a schema without properties are none", () => {
    expect(buildArguments({}, "1 2 3")).toEqual({});
    expect(buildArguments({ type: "object", properties: "no" }, "1 2 3")).toEqual({});
  });
});

describe("optional arguments", () => {
  test("are left out unless the message offers a value", () => {
    const schema = object(
      { unit: { enum: ["celsius", "fahrenheit"] }, days: number, name: string, dry: { type: "boolean" } },
      [],
    );
    expect(buildArguments(schema, "please do it")).toEqual({});
    expect(buildArguments(schema, "in Fahrenheit for 2 days, 'x'")).toEqual({ unit: "fahrenheit", days: 2, name: "x" });
  });

  test("do not take what a required one needs", () => {
    expect(buildArguments(object({ a: number, b: number }, ["b"]), "only 7")).toEqual({ b: 7 });
  });
});

describe("numbers", () => {
  test("fill numbers and integers in order, negative and decimal ones too", () => {
    const schema = object({ a: number, b: { type: "integer" }, c: number });
    expect(buildArguments(schema, "take -2.5, 3.9 and 5-3")).toEqual({ a: -2.5, b: 3, c: 5 });
  });

  test("fill an array of numbers", () => {
    expect(buildArguments(object({ values: { type: "array", items: number } }), "sum 1, 2 and 3")).toEqual({
      values: [1, 2, 3],
    });
  });
});

describe("strings", () => {
  test("a place is found in any spelling, and a name that begins no sentence", () => {
    expect(buildArguments(object({ location: string }), "What is the weather in new york?")).toEqual({
      location: "New York",
    });
    expect(buildArguments(object({ city: string }), "Is it raining in Kyoto now?")).toEqual({ city: "Kyoto" });
    expect(buildArguments(object({ origin: string, destination: string }), "Fly from Oslo to Rome")).toEqual({
      origin: "Oslo",
      destination: "Rome",
    });
  });

  test("what is quoted fills texts before anything else", () => {
    expect(buildArguments(object({ message: string }), 'Echo "Hello World" to Bob')).toEqual({
      message: "Hello World",
    });
    expect(buildArguments(object({ title: string, owner: string }), "Make 'a list' for Bob")).toEqual({
      title: "a list",
      owner: "Bob",
    });
  });

  test("unions with null and references are seen through", () => {
    const schema = {
      ...object({ city: { anyOf: [{ type: "null" }, { $ref: "#/$defs/city" }] } }),
      $defs: { city: string },
    };
    expect(buildArguments(schema, "weather in Rome")).toEqual({ city: "Rome" });
    expect(buildArguments(object({ n: { type: ["null", "integer"] } }), "take 4")).toEqual({ n: 4 });
  });
});
