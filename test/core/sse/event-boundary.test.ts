import { describe, expect, test } from "bun:test";
import { endsEvent } from "../../../src/core/sse/event-data.ts";

const judge = (text: string): boolean => endsEvent(new TextEncoder().encode(text));

describe("an event is under way", () => {
  test.each(["data: x", "data: x\n", "data: x\r\n", "data: x\r", "a: 1\n\ndata: x\n", "\n\nx", "data: x\n "])(
    "after %j",
    (text) => {
      expect(judge(text)).toBe(false);
    },
  );
});

describe("no event is under way", () => {
  test.each([
    "",
    "\n",
    "\r\n",
    "\r",
    "data: x\n\n",
    "data: x\r\n\r\n",
    "data: x\r\r",
    "data: x\n\r\n",
    "data: x\r\n\n",
  ])("after %j", (text) => {
    expect(judge(text)).toBe(true);
  });
});
