import { expect, test } from "bun:test";
import fc from "fast-check";
import { findMember } from "../../../src/core/json/find.ts";
import { watchMembers } from "../../../src/core/json/limits.ts";
import { foundMember, watchedNames } from "../../../src/core/json/member-watch.ts";
import { parseAtOnce, parseInSlices } from "../../../src/core/json/parse.ts";
import { anyChoices, anyWritten, writeObject, type WrittenMember } from "./write-json.ts";
import { propertyRuns } from "../../fixtures/property-runs.ts";

const NAMES = ["model", "tools", "stream_options"];
const WATCHED = watchedNames(NAMES);

const count = (body: string, name: string): number =>
  foundMember(watchMembers(Buffer.from(body), WATCHED), name)?.count ?? 0;

test.each([
  ["{}", 0],
  ['{"model":1}', 1],
  ['{"model":1,"model":1}', 2],
  ['{"model":1,"Model":1,"MODEL":2}', 3],
  ['{"mod\\u0065l":1,"MOD\\u0045L":2}', 2],
  ['{"mode\u013f":1,"mode":1,"models":1,"mode@":1,"mode\\n":1}', 0],
  ['{"x":{"model":1},"y":["model",{"model":2}],"z":"model"}', 0],
  ['{"":"model","model":"model"}', 1],
] as const)("in %s, model may be read %d times", (body, expected) => {
  expect(count(body, "model")).toBe(expected);
});

test("a letter that folds to another is taken for it, as servers written in Go do", () => {
  expect(count('{"tool\u017f":1,"tools":2,"\\u017ftream_options":3}', "tools")).toBe(2);
  expect(count('{"tool\u017f":1,"tools":2,"\\u017ftream_options":3}', "stream_options")).toBe(1);
});

test("any object, in any spelling: what a naive reader of the parsed text finds", async () => {
  const letter = fc.boolean();
  const member: fc.Arbitrary<WrittenMember> = fc.record({
    name: fc.oneof(
      fc
        .tuple(fc.constantFrom(...NAMES), fc.array(letter, { maxLength: 14 }))
        .map(([name, uppers]) =>
          [...name].map((character, index) => (uppers[index] ? character.toUpperCase() : character)).join(""),
        ),
      fc.constantFrom(...NAMES, "mode", "toolſ", "x", "__proto__"),
    ),
    value: anyWritten,
  });
  await fc.assert(
    fc.asyncProperty(fc.array(member, { maxLength: 6 }), anyChoices, async (members, choose) => {
      const { text, places } = writeObject(members, choose);
      const body = Buffer.from(text);
      const alone = watchMembers(body, WATCHED);
      const atOnce = parseAtOnce(body, { names: WATCHED });
      const sliced = await parseInSlices(
        body,
        { names: WATCHED },
        { sliceBytes: 4, maxStringBytes: 5, maxWholeValues: 0 },
      );
      for (const watch of [alone, "watch" in atOnce && atOnce.watch, "watch" in sliced && sliced.watch]) {
        if (!watch) throw new Error("nothing was watched");
        for (const name of NAMES) {
          const readable = members.filter((entry) => entry.name.toUpperCase() === name.toUpperCase());
          const found = foundMember(watch, name);
          expect(found?.count ?? 0).toBe(readable.length);
          expect(found?.spelling).toBe(readable[0]?.name);
          const place = places.find((entry) => entry.name === name);
          const value = found?.member && body.toString("utf8", found.member.valueStart, found.member.valueEnd);
          expect(value).toBe(place && text.slice(place.valueStart, place.valueEnd));
          const single = findMember(body, name);
          if (typeof single !== "string") expect(found?.member).toEqual(single);
        }
      }
    }),
    propertyRuns(200),
  );
});
