import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { isUsageOnlyEvent } from "../../../src/formats/chat/usage-event.ts";
import { createEventFilter } from "../../../src/core/sse/event-filter.ts";
import { readRecordedStreams } from "../../fixtures/recorded-streams.ts";
import { propertyRuns } from "../../fixtures/property-runs.ts";

const isBad = (event: Buffer): boolean => event.includes("bad");

/** Sends the pieces through a filter and gives back what passed, piece by piece. */
function pass(pieces: readonly (string | Uint8Array)[], isUnwanted = isBad, maxHeldBytes?: number): string[] {
  const filter = createEventFilter(isUnwanted, maxHeldBytes);
  const passed = pieces.map((piece) => filter.push(typeof piece === "string" ? Buffer.from(piece) : piece));
  return [...passed, filter.flush()].map((bytes) => Buffer.from(bytes).toString());
}

/** Every way to cut `bytes` into two, and the cuts into pieces of 1, 2, 3, 7 and 37 bytes. */
function* cuts(bytes: Uint8Array): Generator<Uint8Array[]> {
  const step = Math.max(1, Math.floor(bytes.length / 400));
  for (let at = 0; at <= bytes.length; at += step) yield [bytes.subarray(0, at), bytes.subarray(at)];
  for (const size of [1, 2, 3, 7, 37]) {
    yield Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
      bytes.subarray(index * size, (index + 1) * size),
    );
  }
}

describe("an unwanted event never passes", () => {
  test.each([
    ["LF", "data: a\n\ndata: bad\n\ndata: b\n\n", "data: a\n\ndata: b\n\n"],
    ["CRLF", "data: a\r\n\r\ndata: bad\r\n\r\ndata: b\r\n\r\n", "data: a\r\n\r\ndata: b\r\n\r\n"],
    ["CR", "data: a\r\rdata: bad\r\rdata: b\r\r", "data: a\r\rdata: b\r\r"],
    ["mixed line ends", "data: a\n\r\ndata: bad\r\n\ndata: b\r\r\n", "data: a\n\r\ndata: b\r\r\n"],
    ["the first", "data: bad\n\ndata: b\n\n", "data: b\n\n"],
    ["several together", "data: bad\n\ndata: bad\n\ndata: b\n\ndata: bad\n\n", "data: b\n\n"],
    ["of several lines", "event: x\ndata: bad\ndata: y\n\ndata: b\n\n", "data: b\n\n"],
    ["behind a comment of its own", ": wait\n\ndata: bad\n\ndata: b\n\n", ": wait\n\ndata: b\n\n"],
    ["the last, without its empty line", "data: a\n\ndata: bad\n", "data: a\n\n"],
    ["the last, without any line end", "data: a\n\ndata: bad", "data: a\n\n"],
    ["the last, ended by CR", "data: a\r\rdata: bad\r\r", "data: a\r\r"],
    ["the only", "data: bad\n\n", ""],
  ])("%s, however the stream is cut", (_, stream, expected) => {
    for (const pieces of cuts(Buffer.from(stream))) expect(pass(pieces).join("")).toBe(expected);
  });
});

describe("everything else passes at once", () => {
  test("whole events in the chunk in which they came, as one piece", () => {
    expect(pass(["data: 1\n\ndata: 2\n\n", "data: 3\n\n"])).toEqual(["data: 1\n\ndata: 2\n\n", "data: 3\n\n", ""]);
  });

  test("without being copied", () => {
    const chunk = Buffer.from("data: 1\n\n");
    expect(createEventFilter(isBad).push(chunk).buffer).toBe(chunk.buffer);
  });

  test("only the unfinished event waits", () => {
    expect(pass(["data: 1\n\ndata: 2", "2\n", "\ndata: 3\n\n"])).toEqual([
      "data: 1\n\n",
      "",
      "data: 22\n\ndata: 3\n\n",
      "",
    ]);
  });

  test("what never ends passes when the stream does", () => {
    expect(pass(["data: 1\n", "data: 2"])).toEqual(["", "", "data: 1\ndata: 2"]);
  });

  test("an event too long to be held passes as it comes, and the next one is judged again", () => {
    for (const end of ["\n\n", "\r\n\r\n", "\r\r"]) {
      const long = `data: ${"x".repeat(40)}bad${end}`;
      const stream = Buffer.from(`${long}data: bad${end}data: a${end}`);
      for (const pieces of cuts(stream)) {
        const passed = pass(pieces, isBad, 16).join("");
        // Where it came whole in one piece, there was no need to hold it, and it could be judged.
        expect([`data: a${end}`, `${long}data: a${end}`]).toContain(passed);
      }
      expect(pass([stream.subarray(0, 30), stream.subarray(30)], isBad, 16).join("")).toBe(`${long}data: a${end}`);
    }
  });
});

test("any events in any cut: what passes is the input without the unwanted events", () => {
  const lineEnd = fc.constantFrom("\n", "\r\n", "\r");
  const event = fc.record({
    lines: fc.array(fc.constantFrom("data: a", "data: bad", ": note", "event: x", "data: é\u{1f600}", "id"), {
      minLength: 1,
      maxLength: 3,
    }),
    end: lineEnd,
  });
  fc.assert(
    fc.property(fc.array(event, { maxLength: 6 }), fc.array(fc.integer({ min: 1, max: 9 })), (events, sizes) => {
      const texts = events.map(({ lines, end }) => `${lines.join(end)}${end}${end}`);
      const bytes = Buffer.from(texts.join(""));
      const pieces: Uint8Array[] = [];
      let at = 0;
      for (const size of sizes) pieces.push(bytes.subarray(at, (at += size)));
      pieces.push(bytes.subarray(at));
      expect(pass(pieces).join("")).toBe(texts.filter((text) => !text.includes("bad")).join(""));
    }),
    propertyRuns(300),
  );
});

const recorded = (await readRecordedStreams()).filter(({ kind }) => kind === "chat");

describe.skipIf(recorded.length === 0)("recorded chat streams", () => {
  test.each(recorded.map((stream) => [stream.name, stream] as const))("%s", (_, { body }) => {
    const events = body.match(/[\s\S]+?(?:\r\n\r\n|\n\n|$)/g) ?? [];
    expect(events.join("")).toBe(body);
    const wanted = events.filter((event) => !isUsageOnlyEvent(Buffer.from(event))).join("");
    for (const pieces of cuts(Buffer.from(body))) expect(pass(pieces, isUsageOnlyEvent).join("")).toBe(wanted);
  });

  test("some hold a chunk of usage, some do not", () => {
    const holding = recorded.filter(({ body }) => pass([body], isUsageOnlyEvent).join("") !== body);
    expect(holding.length).toBeWithin(1, recorded.length);
  });
});
