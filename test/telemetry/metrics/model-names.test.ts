import { expect, test } from "bun:test";
import { createModelNames, MAX_ANSWERED, MAX_LISTED } from "../../../src/telemetry/metrics/model-names.ts";
import { OTHER } from "../../../src/telemetry/metrics/series.ts";

const names = () =>
  createModelNames(() => ({
    provider: (id) => id === "openai",
    model: (_, model) => model.startsWith("listed-"),
    alias: (name) => name === "fast",
  }));

test("what somebody other than a client has made known has a name, good or bad", () => {
  const { labelOf, providerLabelOf } = names();
  expect(labelOf("openai", "listed-1", false)).toBe("listed-1");
  expect(labelOf("openai", "made-up", false)).toBe(OTHER);
  expect(labelOf("openai", "made-up", true)).toBe("made-up");
  expect(labelOf("openai", "made-up", false)).toBe("made-up");
  expect(labelOf(undefined, "fast", false)).toBe("fast");
  expect(labelOf(undefined, "slow", false)).toBe(OTHER);
  expect(labelOf("openai", undefined, true)).toBe("");
  expect(["openai", "nobody", undefined].map(providerLabelOf)).toEqual(["openai", OTHER, ""]);
});

test("names that clients have made up take no room from those that are listed", () => {
  const { labelOf } = names();
  const labels = (prefix: string, count: number) =>
    Array.from({ length: count }, (_, index) => labelOf("openai", `${prefix}-${index}`, true));
  expect(labels("made-up", MAX_ANSWERED + 50).filter((label) => label === OTHER)).toHaveLength(50);
  // Those that are listed and have no room of their own any more are like others.
  expect(labels("listed", MAX_LISTED + 50).filter((label) => label === OTHER)).toHaveLength(50);
  expect(labelOf("openai", "listed-0", false)).toBe("listed-0");
});

test("a name that is too long is none, whoever answers for it", () => {
  expect(names().labelOf("openai", "x".repeat(257), true)).toBe(OTHER);
});

test("so many teams have a name", () => {
  const { teamLabelOf } = names();
  const labels = Array.from({ length: 120 }, (_, index) => teamLabelOf(`team-${index}`));
  expect(labels.filter((label) => label === OTHER)).toHaveLength(20);
  expect(teamLabelOf("team-0")).toBe("team-0");
});
