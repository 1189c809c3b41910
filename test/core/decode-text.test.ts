import { expect, test } from "bun:test";
import { decodeText } from "../../src/core/decode-text.ts";

const utf16 = (text: string): Buffer => Buffer.from(text, "utf16le");

test.each<[what: string, bytes: Uint8Array, text: string]>([
  ["UTF-8", Buffer.from("é €"), "é €"],
  ["UTF-8 with a mark", Buffer.from("\ufeffa"), "a"],
  ["UTF-8 with a zero in it", Buffer.from("a key\0s"), "a keys"],
  ["UTF-16, the low byte first", utf16("a key, é €"), "a key, é €"],
  ["UTF-16, the high byte first", utf16("a key, é €").swap16(), "a key, é €"],
  ["UTF-16 with a mark, little of it ASCII", utf16("\ufeff€€€€€€€"), "€€€€€€€"],
  ["UTF-16 with the other mark", utf16("\ufeff€€€€€€€").swap16(), "€€€€€€€"],
  ["UTF-16 that is cut within a character", utf16("a key").subarray(0, 9), "a ke\ufffd"],
  ["UTF-32", Buffer.from("a\0\0\0b\0\0\0"), "ab"],
  ["nothing", new Uint8Array(0), ""],
])("%s", (_, bytes, text) => {
  expect(decodeText(bytes)).toBe(text);
});
