import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { Seal } from "../../../src/formats/form/blocks.ts";
import { openSeal, wrapSeal } from "../../../src/formats/form/seal-envelope.ts";

const text = fc.string({ unit: "grapheme", minLength: 1 });

const seal: fc.Arbitrary<Seal> = fc
  .record({ origin: text, kind: fc.constantFrom("signature" as const, "encrypted" as const), value: text })
  .chain((made) => fc.option(text, { nil: undefined }).map((id) => (id === undefined ? made : { ...made, id })));

describe("the envelope of a seal", () => {
  test("says whose it is", () => {
    expect(wrapSeal({ origin: "anthropic/messages", kind: "signature", value: "EqkE+/=" })).toBe(
      "gw1.anthropic/messages.signature.RXFrRSsvPQ",
    );
  });

  test("gives back what was put in, in characters that every client keeps", () => {
    fc.assert(
      fc.property(seal, (made) => {
        const envelope = wrapSeal(made);
        expect(envelope).toMatch(/^[\w.%/!~*'()-]+$/);
        expect(openSeal(envelope)).toEqual(made);
      }),
    );
  });

  test.each([
    "",
    "EqkECkYIBxgCKkA8",
    "gw1",
    "gw1.",
    "gw1.a.b.YQ",
    "gw1.a.signature.",
    "gw1..signature.YQ",
    "gw2.a.signature.YQ",
    "gw1.a.signature.Y+Q",
    "gw1.a.signature.YQ.YQ.YQ",
    "gw1.%.signature.YQ",
  ])("is not %s", (other) => {
    expect(openSeal(other)).toBeUndefined();
  });
});
