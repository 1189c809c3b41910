import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { formatDuration, parseDuration } from "../../src/core/durations.ts";

describe("parseDuration", () => {
  test.each([
    [""],
    ["-1s"],
    ["-5"],
    ["+5s"],
    ["1 s"],
    ["s"],
    ["."],
    [".s"],
    ["1d"],
    ["1S"],
    ["1h30"],
    ["1e3"],
    ["0x10"],
    ["Infinity"],
    ["1,5s"],
    ["99999999999999999999h"],
    ["1s\n"],
  ])("refuses %j", (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });

  test.each([
    ["0", 0],
    ["0s", 0],
    ["30", 30_000],
    ["0.5", 500],
    ["300ms", 300],
    ["1.5s", 1_500],
    ["1.1s", 1_100],
    ["10m", 600_000],
    ["1h30m", 5_400_000],
    ["1h0m0.25s", 3_600_250],
    ["30s1m", 90_000],
    ["1500us", 2],
    ["1µs", 1],
    ["1μs", 1],
    ["1ns", 1],
    ["1.000000000001ms", 1],
  ])("reads %j as %d ms", (text, milliseconds) => {
    expect(parseDuration(text)).toBe(milliseconds);
  });
});

describe("formatDuration", () => {
  test.each([
    [0, "0s"],
    [999, "999ms"],
    [1_500, "1.5s"],
    [120_000, "2m"],
    [5_400_000, "1h30m"],
    [3_600_001, "1h0.001s"],
  ])("writes %d ms as %j", (milliseconds, text) => {
    expect(formatDuration(milliseconds)).toBe(text);
  });

  test("writes what parseDuration reads back as the same number", () => {
    fc.assert(
      fc.property(fc.oneof(fc.maxSafeNat(), fc.nat(100_000_000)), (milliseconds) => {
        expect(parseDuration(formatDuration(milliseconds))).toBe(milliseconds);
      }),
    );
  });
});
