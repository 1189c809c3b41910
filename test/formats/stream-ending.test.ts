import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { CHAT } from "../../src/formats/chat/format.ts";
import type { Format } from "../../src/formats/format.ts";
import { MESSAGES } from "../../src/formats/messages/format.ts";
import { RESPONSES } from "../../src/formats/responses/format.ts";
import type { StreamEnding } from "../../src/formats/stream-watch.ts";
import { createStreamTail } from "../../src/core/sse/stream-tail.ts";
import { propertyRuns } from "../fixtures/property-runs.ts";

const TAIL_BYTES = 4096;

/** Judges a stream whose bytes come in these pieces, as the pipeline does. */
function endingOf(format: Format, pieces: readonly Buffer[]): StreamEnding {
  const watch = format.watchStream();
  const tail = createStreamTail(TAIL_BYTES);
  for (const piece of pieces) {
    watch.push(piece, tail);
    tail.push(piece);
  }
  return watch.ending(Buffer.from(tail.bytes()));
}

/** Some text, cut at any places. */
function piecesOf(text: string, cuts: readonly number[]): Buffer[] {
  const bytes = Buffer.from(text);
  const places = [...new Set([0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length])].sort((a, b) => a - b);
  return places.slice(1).map((place, index) => bytes.subarray(places[index], place));
}

const LONG = "x".repeat(9000);
const ROWS: readonly (readonly [Format, string, StreamEnding])[] = [
  [CHAT, `data: {"choices":[{"finish_reason" : "stop"}]}\n\ndata: {"note":"${LONG}"}\n\n`, "whole"],
  [
    CHAT,
    `data: {"choices":[{"finish_reason":null}]}\n\ndata: {"note":"\\"finish_reason\\":\\"stop\\" ${LONG}"}\n\n`,
    "cut",
  ],
  [CHAT, `data: {"choices":[{"finish_reason":""}],"a":"finish_reason","b":"stop"}\n\n`, "cut"],
  [CHAT, `data: {"choices":[],"usage":{"prompt_tokens":1}}\n\n`, "whole"],
  [RESPONSES, `event: response.completed\ndata: {"response":"${LONG}"}\n\n`, "whole"],
  [RESPONSES, `data: { "type": "response.incomplete","response":"${LONG}"}\r\n\r\n`, "whole"],
  [RESPONSES, `data: {"metadata":{"type":"response.completed"},"a":"event: response.completed"}\n\n`, "cut"],
  [RESPONSES, `data: {"type":"response.completed.later"}\n\n`, "cut"],
  [MESSAGES, `data: {"type":"message_delta","delta":{"stop_reason":"end_turn"}}\n\n`, "whole"],
  [MESSAGES, `data: {"type":"message_delta","delta":{"stop_reason":null}}\n\n`, "cut"],
  [MESSAGES, `event: error\ndata: {"type":"error","error":{}}\n\n: ping\n\n`, "error"],
];

describe("the end of a stream, cut anywhere", () => {
  test.each(ROWS.map(([format, text, ending]) => [format.api, text.slice(0, 90), ending, format, text] as const))(
    "%s %j: %s",
    (_api, _start, ending, format, text) => {
      expect(endingOf(format, [Buffer.from(text)])).toBe(ending);
      const everyByte = Array.from(Buffer.from(text), (byte) => Buffer.from([byte]));
      expect(endingOf(format, everyByte)).toBe(ending);
      fc.assert(
        fc.property(fc.array(fc.nat(text.length), { maxLength: 12 }), (cuts) => {
          expect(endingOf(format, piecesOf(text, cuts))).toBe(ending);
        }),
        propertyRuns(100),
      );
    },
  );

  test("is `cut` wherever a whole stream stops early, and never for all of it", () => {
    const text = `data: {"choices":[{"delta":{"content":"é"},"finish_reason":null}]}\n\ndata: {"choices":[{"delta":{},"finish_reason":"stop"}]}\n\n`;
    const bytes = Buffer.from(text);
    for (let length = 1; length < bytes.length - 2; length++) {
      expect(endingOf(CHAT, [bytes.subarray(0, length)])).toBe("cut");
    }
    expect(endingOf(CHAT, [bytes])).toBe("whole");
  });
});
