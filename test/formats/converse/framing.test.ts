import { describe, expect, test } from "bun:test";
import { EventTooLong, type ServerEvent } from "../../../src/core/sse/event-reader.ts";
import { EVENT_STREAM } from "../../../src/formats/converse/framing.ts";
import { BrokenFrame } from "../../../src/formats/form/framing.ts";
import { eventFrame, exceptionFrame, frame } from "../../fixtures/aws-event-stream.ts";

const FRAMES = [
  eventFrame("messageStart", { role: "assistant" }),
  eventFrame("contentBlockDelta", { delta: { text: "é😀" } }),
  frame({ ":message-type": "event", ":event-type": "empty" }, ""),
  exceptionFrame("throttlingException", "too fast"),
];
const EVENTS = [
  { name: "messageStart", data: '{"role":"assistant","p":"abcdef"}' },
  { name: "contentBlockDelta", data: '{"delta":{"text":"é😀"},"p":"abcdef"}' },
  { name: "empty", data: "" },
  { name: "exception", data: '{"type":"throttlingException","message":"too fast"}' },
];
const BYTES = Buffer.concat(FRAMES);

function read(pieces: Iterable<Uint8Array>): readonly ServerEvent[] {
  const reader = EVENT_STREAM.open();
  const events: ServerEvent[] = [];
  for (const piece of pieces) reader.push(piece, (event) => events.push(event));
  expect(reader.end()).toBeUndefined();
  return events;
}

describe("frames", () => {
  test("are events, with all their text, wherever the bytes are cut", () => {
    expect(read([BYTES])).toEqual(EVENTS);
    for (let cut = 0; cut <= BYTES.length; cut++) {
      expect(read([BYTES.subarray(0, cut), new Uint8Array(0), BYTES.subarray(cut)])).toEqual(EVENTS);
    }
    expect(read([...BYTES].map((byte) => Uint8Array.of(byte)))).toEqual(EVENTS);
  });

  test("are there with their last byte", () => {
    const reader = EVENT_STREAM.open();
    const events: ServerEvent[] = [];
    const first = FRAMES[0] ?? BYTES;
    reader.push(first.subarray(0, -1), (event) => events.push(event));
    expect(events).toEqual([]);
    reader.push(first.subarray(-1), (event) => events.push(event));
    expect(events).toEqual(EVENTS.slice(0, 1));
  });

  test("at an offset in a larger buffer are read from there", () => {
    const larger = Buffer.concat([Buffer.alloc(5, 0xff), BYTES, Buffer.alloc(5, 0xff)]);
    expect(read([larger.subarray(5, 5 + BYTES.length)])).toEqual(EVENTS);
  });

  test("that report an error by code and message are exceptions", () => {
    const error = frame({ ":message-type": "error", ":error-code": "InternalError", ":error-message": "oh" }, "");
    expect(read([error])).toEqual([{ name: "exception", data: '{"type":"InternalError","message":"oh"}' }]);
  });

  test("whose exception is no JSON say what it is", () => {
    const odd = frame({ ":message-type": "exception", ":exception-type": "x" }, "plain");
    expect(read([odd])).toEqual([{ name: "exception", data: '{"type":"x","message":"plain"}' }]);
  });

  test("with any byte changed are broken, and nothing of them is told", () => {
    const whole = FRAMES[1] ?? BYTES;
    for (let at = 0; at < whole.length; at++) {
      const broken = Buffer.from(whole);
      broken[at] = (broken[at] ?? 0) ^ 0x40;
      const reader = EVENT_STREAM.open();
      expect(() => reader.push(broken, () => expect.unreachable())).toThrow(BrokenFrame);
    }
  });

  test("that are cut are no end", () => {
    for (let length = 1; length < BYTES.length; length++) {
      const isWhole = [1, 2, 3, 4].some((count) => Buffer.concat(FRAMES.slice(0, count)).length === length);
      const reader = EVENT_STREAM.open();
      reader.push(BYTES.subarray(0, length), () => {});
      if (isWhole) expect(reader.end()).toBeUndefined();
      else expect(() => reader.end()).toThrow(BrokenFrame);
    }
  });

  test.each([
    ["too long", 16 * 1024 * 1024 + 1, 0, EventTooLong],
    ["shorter than their own framing", 15, 0, BrokenFrame],
    ["shorter than their headers", 100, 85, BrokenFrame],
    ["of headers without measure", 1024 * 1024, 16 * 1024 + 1, BrokenFrame],
  ])("%s are refused by their first bytes", (_, length, headers, fault) => {
    const prelude = Buffer.alloc(12);
    prelude.writeUInt32BE(length, 0);
    prelude.writeUInt32BE(headers, 4);
    prelude.writeUInt32BE(Bun.hash.crc32(prelude.subarray(0, 8)), 8);
    expect(() => EVENT_STREAM.open().push(prelude, () => {})).toThrow(fault);
  });

  test("that come byte by byte are joined, and no piece is kept", () => {
    const reader = EVENT_STREAM.open();
    const events: ServerEvent[] = [];
    const piece = new Uint8Array(1);
    for (const byte of Buffer.concat([eventFrame("long", { text: "x".repeat(5000) }), BYTES])) {
      piece[0] = byte;
      reader.push(piece, (event) => events.push(event));
    }
    expect(reader.end()).toBeUndefined();
    expect(events[0]?.data).toContain("x".repeat(5000));
    expect(events.slice(1)).toEqual(EVENTS);
  });

  test("that are long take time by their bytes, however small the pieces", () => {
    const long = eventFrame("long", { text: "x".repeat(4 * 1024 * 1024) });
    const pieces = Array.from({ length: Math.ceil(long.length / 100) }, (__, at) =>
      long.subarray(at * 100, at * 100 + 100),
    );
    expect(read([...pieces, ...FRAMES])).toHaveLength(1 + EVENTS.length);
  });
});
