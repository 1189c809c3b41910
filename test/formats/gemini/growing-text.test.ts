import { expect, test } from "bun:test";
import fc from "fast-check";
import { openGrowingText } from "../../../src/formats/gemini/growing-text.ts";
import { propertyRuns } from "../../fixtures/property-runs.ts";

const character = fc.constantFrom("a", "é", "…", "😀", "\n");
const piece = fc
  .array(fc.tuple(character, fc.integer({ min: 1, max: 1500 })))
  .map((runs) => runs.map(([each, times]) => each.repeat(times)).join(""));

test("places are the same in whatever pieces the text comes, and whenever it is asked for its bytes", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(piece, fc.boolean())), (pieces) => {
      const growing = openGrowingText();
      for (const [text, isAsked] of pieces) {
        growing.add(text);
        if (isAsked) growing.bytes();
      }
      const whole = pieces.map(([text]) => text).join("");
      const bytes = growing.bytes();
      expect(bytes.equals(Buffer.from(whole))).toBe(true);
      expect(growing.length).toBe(whole.length);
      let byte = 0;
      let unit = 0;
      for (const each of whole) {
        const next = byte + Buffer.byteLength(each);
        // A place within a character is that of its beginning.
        for (; byte < next; byte++)
          if (growing.unitAt(byte) !== unit) expect([byte, growing.unitAt(byte)]).toEqual([byte, unit]);
        unit += each.length;
      }
      expect(growing.unitAt(byte)).toBe(unit);
    }),
    propertyRuns(30),
  );
});

test("half a character alone is one place, as what stands for it in UTF-8", () => {
  const growing = openGrowingText();
  growing.add("a\ud83db");
  expect([growing.bytes().length, growing.unitAt(4), growing.unitAt(5)]).toEqual([5, 2, 3]);
});
