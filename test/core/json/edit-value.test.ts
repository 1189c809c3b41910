import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { editMembers, editObject, editValue } from "../../../src/core/json/edit.ts";
import { findElements, findMember, findValue } from "../../../src/core/json/find.ts";
import { writeArray } from "../../../src/core/json/bytes.ts";

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const decode = (bytes: Uint8Array): string => new TextDecoder("utf-8", { fatal: true }).decode(bytes);
const textAt = (body: string, path: readonly (string | number)[]): string | undefined => {
  const span = findValue(encode(body), path);
  return span && decode(encode(body).subarray(span.start, span.end));
};

describe("a value that a path does not lead to", () => {
  test.each([
    ["a member that is not there", '{"a":1}', ["b"]],
    ["a member that stands twice", '{"a":{"b":1,"b":2}}', ["a", "b"]],
    ["an element behind the last", '{"a":[1]}', ["a", 1]],
    ["an element of an empty list", '{"a":[ ]}', ["a", 0]],
    ["an element of an object", '{"a":{"0":1}}', ["a", 0]],
    ["a member of a list", '{"a":["b",1]}', ["a", "b"]],
    ["a member of a text", '{"a":"{\\"b\\":1}"}', ["a", "b"]],
    ["a member of null", '{"a":null}', ["a", "b"]],
  ] as const)("%s", (_, body, path) => {
    expect(textAt(body, path)).toBeUndefined();
    const bytes = encode(body);
    expect(editValue(bytes, path, () => encode("!"))).toBe(bytes);
  });
});

test("a value is found wherever it stands, and edited with all else as it was", () => {
  const body = ' { "x" : [ {"y":1.0} , [1,2] ,{ "z":"é]}" ,"w":[] } ] , "n":12345678901234567890}';
  expect(textAt(body, ["x", 0, "y"])).toBe("1.0");
  expect(textAt(body, ["x", 1])).toBe("[1,2]");
  expect(textAt(body, ["x", 2, "z"])).toBe('"é]}"');
  expect(textAt(body, [])).toBe(body);
  expect(decode(editValue(encode(body), ["x", 2, "z"], (value) => encode(decode(value).toUpperCase())))).toBe(
    body.replace("é", "É"),
  );
  const bytes = encode(body);
  expect(editValue(bytes, ["x", 1], (value) => value)).toBe(bytes);
});

test("the elements of any list are found", () => {
  fc.assert(
    fc.property(fc.array(fc.jsonValue()), fc.constantFrom(undefined, 1, "\t"), (list, space) => {
      const bytes = encode(JSON.stringify(list, null, space));
      const found = findElements(bytes).map(
        ({ start, end }) => JSON.parse(decode(bytes.subarray(start, end))) as unknown,
      );
      expect(found).toEqual(JSON.parse(JSON.stringify(list)) as unknown[]);
    }),
  );
});

describe("members are set", () => {
  test.each([
    ["two neighbours removed, which is all", '{"a":1,"b":2}', { a: undefined, b: undefined }, "{}"],
    ["two neighbours removed", '{"a":1, "b":2 ,"c":3}', { a: undefined, b: undefined }, '{ "c":3}'],
    ["one replaced and one inserted", '{"a":1.0,"b":2.0}', { b: "x", c: null }, '{"c":null,"a":1.0,"b":"x"}'],
    ["none that is not there removed", '{"a":1}', { b: undefined }, '{"a":1}'],
    ["none that stands twice", '{"a":1,"a":2}', { a: 3 }, '{"a":1,"a":2}'],
  ])("%s", (_, body, members, expected) => {
    expect(decode(editMembers(encode(body), members))).toBe(expected);
  });
});

describe("texts are appended to a list", () => {
  const append = (body: string, ...items: string[]): string => {
    const member = findMember(encode(body), "list");
    if (typeof member === "string") throw new Error(member);
    return decode(editObject(encode(body), [{ kind: "append", member, items: items.map(encode) }]));
  };
  test.each([
    ["that is empty", '{"list":[]}', '{"list":[1.0,{}]}'],
    ["that holds space", '{"list":[ \n]}', '{"list":[ \n1.0,{}]}'],
    ["that holds something", '{"list":[ "]" ] ,"x":1}', '{"list":[ "]" ,1.0,{}] ,"x":1}'],
  ])("%s", (_, body, expected) => {
    expect(append(body, "1.0", "{}")).toBe(expected);
  });
});

test("a list is written of texts", () => {
  expect(decode(writeArray([]))).toBe("[]");
  expect(decode(writeArray([encode("1.0"), encode("{}")]))).toBe("[1.0,{}]");
});
