import { expect, test } from "bun:test";
import fc from "fast-check";
import { findSyntaxError } from "../../../src/core/json/syntax-error.ts";
import { anyChoices, anyWritten, writeObject } from "./write-json.ts";
import { propertyRuns } from "../../fixtures/property-runs.ts";

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

test.each([
  ["", 0, "value expected"],
  ["  ", 2, "value expected"],
  ["[1,]", 3, "value expected"],
  ["[,1]", 1, "value expected"],
  ["[1 2]", 3, "comma expected"],
  ["[1}", 2, "comma expected"],
  ["[1", 2, "close bracket expected"],
  ['{"a":1', 6, "close brace expected"],
  ['{"a":1,}', 7, "property name expected"],
  ["{a:1}", 1, "property name expected"],
  ['{"a" 1}', 5, "colon expected"],
  ['{"a":}', 5, "value expected"],
  ["{}{}", 2, "end of file expected"],
  ["[01]", 1, "invalid number format"],
  ["[1.]", 1, "invalid number format"],
  ["[-]", 1, "invalid number format"],
  ["[+1]", 1, "value expected"],
  ["[True]", 1, "invalid symbol"],
  ["[nullx]", 1, "invalid symbol"],
  ["[NaN]", 1, "invalid symbol"],
  ["['a']", 1, "value expected"],
  ['["a', 1, "unexpected end of string"],
  ['["a\tb"]', 3, "invalid character"],
  ['["\\x"]', 2, "invalid escape character"],
  ['["\\u12"]', 2, "invalid unicode"],
  ["[1 /* x */]", 3, "invalid comment token"],
  ["// x\n[]", 0, "invalid comment token"],
])("%j stops being JSON at %d: %s", (text, offset, reason) => {
  expect(isJson(text)).toBe(false);
  expect(findSyntaxError(text)).toEqual({ offset, reason });
});

test("any JSON with any change: there is an error exactly if JSON.parse finds one", () => {
  const change = fc.record({
    at: fc.nat(),
    length: fc.nat(2),
    put: fc.oneof(
      fc.constantFrom("", "[", "]", "{", "}", ",", ":", '"', "\\", "0", "-", ".", "e", " ", "//"),
      fc.string(),
    ),
  });
  fc.assert(
    fc.property(anyWritten, anyChoices, change, (value, choose, { at, length, put }) => {
      const { text } = writeObject(
        [
          { name: "a", value },
          { name: "b", value },
        ],
        choose,
      );
      const place = at % (text.length + 1);
      const changed = text.slice(0, place) + put + text.slice(place + length);
      expect(findSyntaxError(text)).toBeUndefined();
      expect(findSyntaxError(changed) === undefined).toBe(isJson(changed));
    }),
    propertyRuns(300),
  );
});

test("brackets deeper than any stack are no trouble", () => {
  expect(findSyntaxError("[".repeat(300_000))).toEqual({ offset: 300_000, reason: "value expected" });
  expect(findSyntaxError("]".repeat(300_000))).toEqual({ offset: 0, reason: "value expected" });
});
