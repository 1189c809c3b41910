import { expect, test } from "bun:test";
import { parseByteSize } from "../../src/config/parse-byte-size.ts";

test.each([[""], ["-1"], ["1.5MiB"], ["10XB"], ["MiB"], ["1  MiB"], ["1e6"], ["99999999999GiB"], ["1constructor"]])(
  "refuses %j",
  (text) => {
    expect(parseByteSize(text)).toBeUndefined();
  },
);

test.each([
  ["0", 0],
  ["10485760", 10_485_760],
  ["512B", 512],
  ["10MiB", 10_485_760],
  ["10 mib", 10_485_760],
  ["10Mi", 10_485_760],
  ["10MB", 10_000_000],
  ["1KiB", 1_024],
  ["1GiB", 1_073_741_824],
])("reads %j as %d bytes", (text, bytes) => {
  expect(parseByteSize(text)).toBe(bytes);
});
