import { expect, test } from "bun:test";
import fc from "fast-check";
import { maskSecret } from "../../src/config/setting-problem.ts";

test.each([
  ["", "***"],
  ["short", "***"],
  ["eleven-char", "***"],
  ["twelve-chars", "***hars"],
])("masks %j as %j", (secret, masked) => {
  expect(maskSecret(secret)).toBe(masked);
});

test("never shows more than the last four characters", () => {
  fc.assert(
    fc.property(fc.string(), (secret) => {
      const shown = maskSecret(secret).slice("***".length);
      expect(shown.length).toBeLessThanOrEqual(4);
      expect(secret.endsWith(shown)).toBe(true);
    }),
  );
});
