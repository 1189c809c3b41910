import { describe, expect, test } from "bun:test";
import { decodeObject } from "../../../src/core/json/decode-object.ts";

function problemOf(body: string | Uint8Array): string {
  const decoded = decodeObject(typeof body === "string" ? new TextEncoder().encode(body) : body);
  return "problem" in decoded ? decoded.problem : "none";
}

describe("what is wrong with a body", () => {
  test.each([
    ["nothing at all", "", "the body is empty"],
    ["a list", "[1]", "the body must be a JSON object"],
    ["null", "null", "the body must be a JSON object"],
    ["text", "hello SECRET", "the body is not valid JSON: invalid symbol at line 1, column 1"],
    ["a comma too many", '{"a":1,\n  }', "the body is not valid JSON: property name expected at line 2, column 3"],
    ["a comment", '{"a":1 /* SECRET */}', "the body is not valid JSON: invalid comment token at line 1, column 8"],
    ["a half", '{"a":"SECRET', "the body is not valid JSON"],
    ["a byte order mark", "\ufeff{}", "the body begins with a byte order mark, which JSON does not allow"],
  ])("%s", (_, body, problem) => {
    expect(problemOf(body)).toStartWith(problem);
    expect(problemOf(body)).not.toContain("SECRET");
  });

  test("bytes that are not UTF-8, also in the middle of a string", () => {
    expect(problemOf(new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]))).toBe("the body is not valid UTF-8");
    // A surrogate encoded as if it were a character.
    expect(problemOf(new Uint8Array([0x7b, 0x22, 0xed, 0xa0, 0x80, 0x22, 0x3a, 0x31, 0x7d]))).toBe(
      "the body is not valid UTF-8",
    );
  });

  test.each([
    ["lists that never end", "["],
    ["objects that never end", '{"a":'],
  ])("nesting deeper than the limit: %s", (_, opening) => {
    expect(problemOf(opening.repeat(150_000))).toBe("the body is nested deeper than 64 levels (SERVER_MAX_JSON_DEPTH)");
  });
});

test("a good body is told as its value", () => {
  const decoded = decodeObject(new TextEncoder().encode(' {"a":[1,"é"]} '));
  expect(decoded).toEqual({ value: { a: [1, "é"] }, watch: undefined });
});
