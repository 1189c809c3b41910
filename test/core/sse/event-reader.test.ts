import { describe, expect, test } from "bun:test";
import { EventReader, EventTooLong, type ServerEvent } from "../../../src/core/sse/event-reader.ts";
import { cpuGrowth, LINEAR } from "../../fixtures/cpu-growth.ts";

function readAll(pieces: readonly Uint8Array[], maxCharacters = 1000): ServerEvent[] {
  const reader = new EventReader(maxCharacters);
  const events: ServerEvent[] = [];
  for (const piece of pieces) reader.push(piece, (event) => events.push(event));
  const last = reader.end();
  return last ? [...events, last] : events;
}

const readText = (text: string): ServerEvent[] => readAll([Buffer.from(text)]);
const unnamed = (...data: string[]): ServerEvent[] => data.map((text) => ({ name: undefined, data: text }));

const CASES = [
  ["line feeds", "data: 1\n\ndata: 2\n\n", unnamed("1", "2")],
  ["carriage returns", "data: 1\r\rdata: 2\r\r", unnamed("1", "2")],
  ["both", "data: 1\r\n\r\ndata: 2\r\n\r\n", unnamed("1", "2")],
  ["a mixture", "data: 1\r\n\ndata: 2\n\r\ndata: 3\r\r\n", unnamed("1", "2", "3")],
  ["several lines of data", "data: a\ndata:b\ndata\ndata:  c\n\n", unnamed("a\nb\n\n c")],
  [
    "names",
    "event: x\ndata: 1\n\ndata: 2\n\nevent:y\ndata: 3\n\n",
    [{ name: "x", data: "1" }, ...unnamed("2"), { name: "y", data: "3" }],
  ],
  ["comments and other fields", ": hi\n\nid: 1\nretry: 2\ndatax: 1\ndata: 1\n:\n\n", unnamed("1")],
  ["a name without data", "event: ping\n\ndata: 1\n\n", unnamed("1")],
  ["a byte order mark", "\ufeffdata: 1\n\n", unnamed("1")],
  ["characters of several bytes", "data: é€😀\n\n", unnamed("é€😀")],
  ["a last event without its empty line", "data: 1\n\ndata: 2", unnamed("1", "2")],
  ["a last event that ends with a carriage return", "data: 1\r", unnamed("1")],
  ["nothing", "", []],
] as const;

describe.each(CASES)("%s", (_, text, events) => {
  test("are read", () => {
    expect(readText(text)).toEqual([...events]);
  });

  test("are read the same wherever the bytes are cut", () => {
    const bytes = Buffer.from(text);
    for (let cut = 0; cut <= bytes.length; cut++) {
      expect(readAll([bytes.subarray(0, cut), bytes.subarray(cut)])).toEqual([...events]);
    }
    expect(readAll([...bytes].map((byte) => Uint8Array.of(byte)))).toEqual([...events]);
  });
});

test("an event is there with the byte that ends it", () => {
  const reader = new EventReader(100);
  const events: ServerEvent[] = [];
  const push = (text: string): number => {
    reader.push(Buffer.from(text), (event) => events.push(event));
    return events.length;
  };
  expect([push("data: 1\r\n"), push("\r"), push("\n"), push("data: 2\n"), push("\n")]).toEqual([0, 1, 1, 1, 2]);
});

test("no more is kept of an event than is allowed", () => {
  expect(() => readAll([Buffer.from(`data: ${"x".repeat(20)}`)], 20)).toThrow(EventTooLong);
  expect(() => readAll([Buffer.from("data: 12345\n".repeat(5))], 20)).toThrow(EventTooLong);
  expect(readAll([Buffer.from("data: 12345\n\n".repeat(50))], 20)).toHaveLength(50);
  expect(readAll([Buffer.from(": comment\n".repeat(50))], 20)).toEqual([]);
});

test("time grows with the bytes, however small the pieces are", async () => {
  const piece = Buffer.from("x".repeat(16));
  const ignore = (): void => {};
  const growth = await cpuGrowth(50_000, (size) => () => {
    const reader = new EventReader(Number.POSITIVE_INFINITY);
    reader.push(Buffer.from("data: "), ignore);
    for (let index = 0; index < size; index++) reader.push(piece, ignore);
    reader.push(Buffer.from("\n\n"), ignore);
  });
  expect(growth).toBeLessThan(LINEAR);
});
