import { expect, test } from "bun:test";
import { createKnownAnswers } from "../../src/routing/known-answers.ts";

const HOUR = 60 * 60 * 1000;
const GIVER = { key: "left model", model: "model" };

test("who has given a response is known for a day", () => {
  let now = 0;
  const answers = createKnownAnswers(() => now);
  answers.given("r1", GIVER);
  now = 24 * HOUR - 1;
  expect(answers.by("r1")).toMatchObject(GIVER);
  expect(answers.by("r2")).toBeUndefined();
  now = 24 * HOUR;
  expect(answers.by("r1")).toBeUndefined();
});

test("of too many the first ones are forgotten, and long ids are not kept", () => {
  const answers = createKnownAnswers(() => 0);
  for (let id = 0; id < 10_001; id++) answers.given(`r${id}`, GIVER);
  expect(answers.by("r0")).toBeUndefined();
  expect(answers.by("r1")).toBeDefined();
  // One that is given again takes no other one's place.
  answers.given("r10000", GIVER);
  expect(answers.by("r1")).toBeDefined();
  answers.given("x".repeat(257), GIVER);
  expect(answers.by("x".repeat(257))).toBeUndefined();
});
