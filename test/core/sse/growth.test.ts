import { expect, test } from "bun:test";
import { readEventData } from "../../../src/core/sse/event-data.ts";
import { createEventFilter } from "../../../src/core/sse/event-filter.ts";
import { isUsageOnlyEvent } from "../../../src/formats/chat/usage-event.ts";
import { cpuGrowth, LINEAR } from "../../fixtures/cpu-growth.ts";

const NEVER = Infinity;

test.each([
  ["of one line", "data: ", "x", "\n\n"],
  ["of many lines", "", "data: x\n", "\n"],
  ["of many lines that end with CR", "", "data: x\r", "\r"],
  ["of many lines that end with CRLF", "", "data: x\r\n", "\r\n"],
])("time grows with the bytes of an event %s, however small its pieces are", async (_, begin, middle, end) => {
  const make = (size: number, pieceBytes: number) => {
    const event = Buffer.from(begin + middle.repeat(Math.ceil(size / middle.length)) + end);
    const stream = Buffer.concat([event, Buffer.from("data: [DONE]\n\n")]);
    return (): void => {
      const filter = createEventFilter(isUsageOnlyEvent, NEVER);
      let passed = 0;
      for (let at = 0; at < stream.length; at += pieceBytes) {
        passed += filter.push(stream.subarray(at, at + pieceBytes)).length;
      }
      expect(passed + filter.flush().length).toBe(stream.length);
    };
  };
  expect(await cpuGrowth(250_000, (size) => make(size, 20))).toBeLessThan(LINEAR);
  expect(await cpuGrowth(60_000, (size) => make(size, 1))).toBeLessThan(LINEAR);
  expect(
    await cpuGrowth(250_000, (size) => {
      const event = Buffer.from(begin + middle.repeat(Math.ceil(size / middle.length)) + end);
      return () => readEventData(event);
    }),
  ).toBeLessThan(LINEAR);
});
