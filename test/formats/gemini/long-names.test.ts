import { expect, test } from "bun:test";
import { camelMembers } from "../../../src/formats/gemini/camel-members.ts";
import { cpuGrowth, LINEAR } from "../../fixtures/cpu-growth.ts";

test("a name of a client's with many underscores takes time by its length only", async () => {
  const make = (size: number) => () => camelMembers({ [`a${"_".repeat(size)}`]: 1 });
  expect(await cpuGrowth(8000, make)).toBeLessThan(LINEAR);
});

test("underscores before a letter or a digit are those of a name in snake case", () => {
  const names = ["a_b", "a__b", "a_B", "a_1_b", "_a_b", "a_", "a__"];
  expect(Object.keys(camelMembers(Object.fromEntries(names.map((name) => [name, 1]))))).toEqual([
    ...["aB", "a_B", "a1B", "_a_b", "a_", "a__"],
  ]);
});
