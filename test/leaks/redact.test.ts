import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { redactionOf } from "../../src/core/redact/redact.ts";
import { secretPatterns } from "../../src/core/redact/secret-patterns.ts";
import { SPELLING_NAMES, SPELLINGS } from "./spellings.ts";

const KEY = 'sk-"proj"/a+b=c\\d&e<f> g%h~';
const printable = fc.string({
  unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)),
  minLength: 8,
});

describe("a secret", () => {
  test.each(SPELLING_NAMES)("is masked %s", (name) => {
    const written = SPELLINGS[name](KEY);
    const redact = redactionOf([secretPatterns(KEY)]);
    expect(redact(`{"error":"the key ${written} is ${written}wrong"}`)).toBe('{"error":"the key *** is ***wrong"}');
  });

  test.each(SPELLING_NAMES)("of any kind is masked %s, amid anything", (name) => {
    fc.assert(
      fc.property(printable, fc.string(), fc.string(), (secret, before, after) => {
        const redacted = redactionOf([secretPatterns(secret)])(`${before}${SPELLINGS[name](secret)}${after}`);
        expect(redacted).toContain("***");
        fc.pre(!before.includes("*") && !after.includes("*"));
        expect(redacted.length).toBeLessThanOrEqual(before.length + after.length + 3);
      }),
    );
  });

  test("stays what it is if it is not there", () => {
    const redact = redactionOf([secretPatterns(KEY)]);
    fc.assert(fc.property(fc.string(), (text) => redact(text) === text));
    const text = JSON.stringify({ error: { message: 'a "quoted" path\\with 100% & more + %2F \\u0041' } });
    expect(redact(text)).toBe(text);
  });

  test("that is short is masked as a word, and left if it is part of one", () => {
    const redact = redactionOf([secretPatterns("EMPTY")]);
    expect(redact('{"key":"EMPTY","message":"EMPTYNESS of NONEMPTY, EMPTY"}')).toBe(
      '{"key":"***","message":"EMPTYNESS of NONEMPTY, ***"}',
    );
    expect(redactionOf([secretPatterns("x")])("x axis, matrix: Bearer x")).toBe("*** axis, matrix: Bearer ***");
  });
});
