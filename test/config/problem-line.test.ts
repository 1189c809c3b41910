import { expect, test } from "bun:test";
import fc from "fast-check";
import { problemLine } from "../../src/config/setting-problem.ts";

test("masks a secret value", () => {
  const line = problemLine({ name: "X_API_KEY", value: "sk-0123456789abcd", secret: true, expected: "ASCII" });
  expect(line).toBe('X_API_KEY="***abcd" is not accepted: expected ASCII');
});

test("gives the reason before what is expected", () => {
  const line = problemLine({ name: "X", value: "y", secret: false, reason: "it is y", expected: "z" });
  expect(line).toBe('X="y" is not accepted (it is y): expected z');
});

test("stays one printable line of bounded length, whatever the value", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 400 }), (value) => {
      const line = problemLine({ name: "X", value, secret: false, expected: "z" });
      expect(line).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}]/u);
      expect(line.length).toBeLessThan(600);
    }),
  );
});
