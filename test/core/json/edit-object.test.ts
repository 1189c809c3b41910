import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type Edit, editObject } from "../../../src/core/json/edit.ts";
import { type Member, findMember } from "../../../src/core/json/find.ts";
import { toJson } from "../../../src/core/json/bytes.ts";
import { anyChoices, anyWritten, otherMembers, writeObject } from "./write-json.ts";
import { propertyRuns } from "../../fixtures/property-runs.ts";

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const decode = (bytes: Uint8Array): string => new TextDecoder("utf-8", { fatal: true }).decode(bytes);

function find(body: Uint8Array, name: string): Member {
  const found = findMember(body, name);
  if (typeof found === "string") throw new Error(`${name} is ${found}`);
  return found;
}

function remove(text: string, name: string): string {
  const body = encode(text);
  return decode(editObject(body, [{ kind: "remove", member: find(body, name) }]));
}

describe("removing", () => {
  test.each([
    ["the only member", '{"a":1}', "{}"],
    ["the only member with space", '{ "a" : 1 }', "{  }"],
    ["the first", '{"a":1,"b":2}', '{"b":2}'],
    ["the last", '{"b":2,"a":1}', '{"b":2}'],
    ["the last with space before its comma", '{"b":2 ,\n "a":1\n}', '{"b":2 \n}'],
    ["one in the middle", '{"b":2, "a":{"x":[1,2]} , "c":3}', '{"b":2,  "c":3}'],
    ["one before a string that begins with a comma", '{"a":1,",":2}', '{",":2}'],
    ["one behind a string that ends with a comma", '{"b":",","a":1}', '{"b":","}'],
  ])("%s", (_, body, expected) => {
    expect(remove(body, "a")).toBe(expected);
  });
});

describe("inserting", () => {
  const insert = (text: string): string =>
    decode(editObject(encode(text), [{ kind: "insert", name: "a", json: toJson({ b: true }) }]));

  test.each([
    ["into an empty object", "{}", '{"a":{"b":true}}'],
    ["into an empty object with space", " {\n} ", ' {"a":{"b":true}\n} '],
    ["before the first member, without moving its space", '{ "b": 1.0}', '{"a":{"b":true}, "b": 1.0}'],
  ])("%s", (_, body, expected) => {
    expect(insert(body)).toBe(expected);
  });
});

describe("replacing", () => {
  test("keeps everything around, to the byte", () => {
    const body = encode('{"n":12345678901234567890,"model": "openai/x" ,"f":1.0,"s":"\\u00e9é"}');
    const edited = editObject(body, [{ kind: "replace", member: find(body, "model"), json: toJson('y"\n€') }]);
    expect(decode(edited)).toBe('{"n":12345678901234567890,"model": "y\\"\\n€" ,"f":1.0,"s":"\\u00e9é"}');
  });

  test("no edits: the very same array", () => {
    const body = encode('{"a":1}');
    expect(editObject(body, [])).toBe(body);
  });

  test("several at once, in whatever order they are named", () => {
    const body = encode('{"x":1,"model":"openai/m","stream_options":{"a":1},"y":2}');
    const edits: Edit[] = [
      { kind: "remove", member: find(body, "stream_options") },
      { kind: "replace", member: find(body, "model"), json: toJson("m") },
      { kind: "insert", name: "z", json: toJson(3) },
    ];
    const expected = '{"z":3,"x":1,"model":"m","y":2}';
    expect(decode(editObject(body, edits))).toBe(expected);
    expect(decode(editObject(body, edits.toReversed()))).toBe(expected);
  });
});

/** As the gateway edits: the model is replaced, and `stream_options` is left, replaced, removed or inserted. */
test("any object, in any spelling: the edit says what JSON semantics say and keeps every other byte", () => {
  const bodies = fc.record({
    before: otherMembers(["model", "stream_options"]),
    between: otherMembers(["model", "stream_options"]),
    after: otherMembers(["model", "stream_options"]),
    model: fc.string({ unit: "binary" }).filter((name) => name.isWellFormed()),
    options: fc.option(anyWritten, { nil: undefined }),
    optionsFirst: fc.boolean(),
    how: fc.constantFrom("leave", "replace", "remove"),
    choose: anyChoices,
  });
  fc.assert(
    fc.property(bodies, ({ before, between, after, model, options, optionsFirst, how, choose }) => {
      const modelMember = { name: "model", value: { kind: "string", value: "openai/m" } } as const;
      const optionMembers = options ? [{ name: "stream_options", value: options }] : [];
      const [first, second] = optionsFirst ? [optionMembers, [modelMember]] : [[modelMember], optionMembers];
      const { text, places } = writeObject([...before, ...first, ...between, ...second, ...after], choose);
      const body = encode(text);

      const edits: Edit[] = [{ kind: "replace", member: find(body, "model"), json: toJson(model) }];
      if (!options) {
        if (how !== "leave")
          edits.push({ kind: "insert", name: "stream_options", json: toJson({ include_usage: true }) });
      } else if (how === "remove") {
        edits.push({ kind: "remove", member: find(body, "stream_options") });
      } else if (how === "replace") {
        edits.push({ kind: "replace", member: find(body, "stream_options"), json: toJson({ include_usage: true }) });
      }
      const edited = decode(editObject(body, edits));

      const meant: Record<string, unknown> = { ...JSON.parse(text), model };
      if (options && how === "remove") delete meant["stream_options"];
      else if (how !== "leave") meant["stream_options"] = { include_usage: true };
      expect(JSON.parse(edited)).toEqual(meant);

      // Values that were replaced stand where the old ones stood, and nothing else moved.
      if (how === "remove" && options) return;
      let expected = text;
      for (const { name, valueStart, valueEnd } of places.toReversed()) {
        const value =
          name === "model"
            ? model
            : name === "stream_options" && how === "replace"
              ? { include_usage: true }
              : undefined;
        if (value === undefined) continue;
        expected = expected.slice(0, valueStart) + JSON.stringify(value) + expected.slice(valueEnd);
      }
      if (!options && how !== "leave") {
        const brace = expected.indexOf("{") + 1;
        expected = `${expected.slice(0, brace)}"stream_options":{"include_usage":true},${expected.slice(brace)}`;
      }
      expect(edited).toBe(expected);
    }),
    propertyRuns(300),
  );
});

test("any object: removing takes out one piece and leaves every other byte", () => {
  const bodies = fc.record({
    before: otherMembers(["a"]),
    value: anyWritten,
    after: otherMembers(["a"]),
    choose: anyChoices,
  });
  fc.assert(
    fc.property(bodies, ({ before, value, after, choose }) => {
      const { text } = writeObject([...before, { name: "a", value }, ...after], choose);
      const left = remove(text, "a");
      const { a: _, ...meant } = JSON.parse(text);
      expect(JSON.parse(left)).toEqual(meant);
      let start = 0;
      while (start < left.length && left[start] === text[start]) start++;
      expect(text.endsWith(left.slice(start))).toBe(true);
    }),
    propertyRuns(200),
  );
});
