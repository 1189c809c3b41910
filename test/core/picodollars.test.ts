import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { DOLLAR, formatDollars, toDollars } from "../../src/core/picodollars.ts";
import { propertyRuns } from "../fixtures/property-runs.ts";

describe("amounts in picodollars", () => {
  test.each([
    [0n, "0"],
    [1n, "0.000000000001"],
    [100_000n, "0.0000001"],
    [150_000n, "0.00000015"],
    [DOLLAR, "1"],
    [DOLLAR + DOLLAR / 2n, "1.5"],
    [123n * DOLLAR + 45n, "123.000000000045"],
    [9007n * DOLLAR + 199_254_740_991n, "9007.199254740991"],
    [9007n * DOLLAR + 199_254_740_992n, "9007.199254740992"],
    [10n ** 30n, "1000000000000000000"],
  ])("%p is %s dollars", (amount, text) => {
    expect(formatDollars(amount)).toBe(text);
    expect(toDollars(amount)).toBe(Number(text));
  });

  test("are exact over a million additions of 0.1 micro-dollars", () => {
    let sum = 0n;
    for (let count = 0; count < 1_000_000; count++) sum += DOLLAR / 10_000_000n;
    expect(formatDollars(sum)).toBe("0.1");
  });

  test("are read again as they were written, whatever they are", () => {
    fc.assert(
      fc.property(fc.bigInt(0n, 10n ** 30n), (amount) => {
        const text = formatDollars(amount);
        expect(text).toMatch(/^\d+(?:\.\d*[1-9])?$/);
        const [whole = "", fraction = ""] = text.split(".");
        expect(BigInt(whole) * DOLLAR + BigInt(fraction.padEnd(12, "0"))).toBe(amount);
      }),
      propertyRuns(200),
    );
  });
});
