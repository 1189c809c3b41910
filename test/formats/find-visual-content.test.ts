import { expect, test } from "bun:test";
import { findVisualContent } from "../../src/formats/visual-content.ts";
import type { JsonObject } from "../../src/core/json/parse.ts";
import { cpuGrowth, LINEAR } from "../fixtures/cpu-growth.ts";

const many = <T>(count: number, item: T): T[] => Array.from({ length: count }, () => item);
const keys = (count: number, value: unknown): JsonObject =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`member_${index}`, value]));
const user = (content: unknown): JsonObject => ({ messages: [{ role: "user", content }] });

/** Requests without anything visual, by their size. */
const SHAPES: Readonly<Record<string, (size: number) => JsonObject>> = {
  "many messages": (size) => ({ messages: many(size, { role: "user", content: "hi" }) }),
  "many parts": (size) => user(many(size, { type: "text", text: "hi" })),
  "many unknown parts": (size) => user(many(size, { type: "new", value: { url: "x" } })),
  "many top-level members": (size) => ({ ...user("hi"), ...keys(size, "x") }),
  "many members of a part": (size) => user([keys(size, "x")]),
  "many lists of nothing": (size) => user([{ type: "new", parts: many(size, []) }]),
  "long texts": (size) =>
    user([{ type: " ".repeat(size * 8), value: " ".repeat(size * 8), text: "i".repeat(size * 8) }]),
  "long names": (size) => user([{ ["imag".repeat(size * 4)]: "x", ["file".repeat(size * 4)]: "x" }]),
};

test.each(Object.entries(SHAPES))("%s cost what their size asks for, not its square", async (_, shape) => {
  expect(findVisualContent(shape(20_000))).toBeUndefined();
  const growth = await cpuGrowth(20_000, (size) => {
    const request = shape(size);
    return () => {
      for (let round = 0; round < 8; round++) findVisualContent(request);
    };
  });
  expect(growth).toBeLessThan(LINEAR);
});

test("depth is bounded, without a stack that overflows", () => {
  let deep: unknown = "x";
  for (let level = 0; level < 100_000; level++) deep = { content: [deep] };
  expect(() => findVisualContent(user([deep]))).toThrow("nested too deeply");
  // What is not looked into may be as deep as it likes.
  expect(findVisualContent({ ...user([{ type: "tool_use", input: deep }]), metadata: deep })).toBeUndefined();
});
