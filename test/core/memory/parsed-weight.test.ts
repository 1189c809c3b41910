import { expect, test } from "bun:test";
import { parsedWeight } from "../../../src/core/json/parse.ts";

const KIB = 1024;

test("a body of many values weighs many times what one long text does", () => {
  const values = Buffer.from(`{"m":[${"[],".repeat(100 * KIB)}0]}`);
  const text = Buffer.from(`{"m":"${"x".repeat(300 * KIB)}"}`);
  expect(parsedWeight(values) / values.length).toBeGreaterThan(28);
  expect(parsedWeight(text) / text.length).toBeLessThan(3.1);
});

test("a short body weighs as if it were of many values", () => {
  expect(parsedWeight(Buffer.from("{}"))).toBe(60);
});
