import { expect, test } from "bun:test";
import fc from "fast-check";
import { createEventEditor, type FindEvent } from "../../../src/core/sse/event-filter.ts";
import { cpuGrowth, LINEAR } from "../../fixtures/cpu-growth.ts";
import { propertyRuns } from "../../fixtures/property-runs.ts";

const WORD = "bad";
const find: FindEvent = (bytes, from) => bytes.indexOf(WORD, from);

function edited(pieces: readonly Uint8Array[], finder: FindEvent | undefined, asked: string[] = []): string {
  const editor = createEventEditor(
    (event) => {
      asked.push(event.toString());
      return event.includes(WORD) ? Buffer.from("data: good\n\n") : event;
    },
    undefined,
    finder,
  );
  return Buffer.concat([...pieces.map((piece) => editor.push(piece)), editor.flush()]).toString();
}

test("of many events only those in which something is found are edited", () => {
  const asked: string[] = [];
  const stream = Buffer.from("data: 1\n\ndata: 2\n\ndata: bad\n\ndata: 3\n\ndata: bad 2\n\ndata: 4\n\n");
  expect(edited([stream], find, asked)).toBe(
    "data: 1\n\ndata: 2\n\ndata: good\n\ndata: 3\n\ndata: good\n\ndata: 4\n\n",
  );
  expect(asked).toEqual(["data: bad\n\n", "data: bad 2\n\n"]);
});

test("what is found is the same, whether each event is looked at or only those in which something is found", () => {
  const part = fc.constantFrom("\n", "\r", "\r\n", "\n\n", "\r\n\r\n", "data: a", "data: bad", "ba", "d", ": note");
  const pieces = fc.array(fc.array(part, { maxLength: 5 }), { maxLength: 8 });
  fc.assert(
    fc.property(pieces, (texts) => {
      const bytes = texts.map((text) => Buffer.from(text.join("")));
      // An empty line more before an event is nobody's.
      const shown = (text: string): string => text.replaceAll(/[\r\n]+/g, "\n");
      expect(shown(edited(bytes, find))).toBe(shown(edited(bytes, undefined)));
    }),
    propertyRuns(500),
  );
});

test.each([
  ["behind many events", "data: x\n\n".repeat(8)],
  ["behind many events that end with CRLF", "data: x\r\n\r\n".repeat(8)],
  ["among many others like it", "data: bad\n\n".repeat(8)],
])("time grows with the bytes if something is found %s", async (_, events) => {
  const make = (size: number) => {
    const stream = Buffer.from(`${events.repeat(Math.ceil(size / events.length))}data: bad\n\n`);
    return (): void => void edited([stream, stream], find);
  };
  expect(await cpuGrowth(100_000, make)).toBeLessThan(LINEAR);
});
