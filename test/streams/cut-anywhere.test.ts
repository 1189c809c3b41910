import { afterAll, beforeAll, expect, test } from "bun:test";
import fc from "fast-check";
import { dataEvent } from "../fixtures/answers.ts";
import { propertyRuns } from "../fixtures/property-runs.ts";
import { head, raw } from "../fixtures/script.ts";
import { type Rig, startRig } from "../fixtures/start-rig.ts";

/*
 * However a provider cuts its stream into chunks, and the network these into reads: the client gets the same bytes, and the
 * log the same of them. Long streams have their sign of an end, and their usage, in what has long gone by or in one piece
 * with others.
 */

let rig: Rig;
beforeAll(async () => {
  // On a busy machine first events in many pieces are so late that a sign of life comes before them.
  rig = await startRig({ STREAM_USAGE: "always", STREAM_KEEPALIVE: "0s" });
});
afterAll(() => rig.finish());

const HEAD = { "content-type": "text/event-stream", "transfer-encoding": "chunked" };

const delta = (content: string): string =>
  dataEvent({ choices: [{ index: 0, delta: { content }, finish_reason: null }] });
const DELTAS = Array.from({ length: 40 }, (_, index) => delta(`über ${index} \u2705`)).join("");
const FINISH = dataEvent({ choices: [{ index: 0, delta: {}, finish_reason: "stop" }] });
const CHAT_USAGE = dataEvent({ choices: [], usage: { prompt_tokens: 7, completion_tokens: 9, total_tokens: 16 } });
const NOTE = dataEvent({ choices: [], note: "x".repeat(6000) });
const MESSAGE = dataEvent(
  { type: "message_start", message: { usage: { input_tokens: 7, output_tokens: 1 } } },
  "message_start",
);
const TEXT = dataEvent({ type: "content_block_delta", delta: { text: "y".repeat(90) } }, "content_block_delta").repeat(
  60,
);
const STOPPED = dataEvent(
  { type: "message_delta", delta: { stop_reason: "end_turn" }, usage: { output_tokens: 9 } },
  "message_delta",
);
const STOP = dataEvent({ type: "message_stop" }, "message_stop");
const CHAT = ["/v1/chat/completions", "openai/m"] as const;
const COUNTED = { outcome: "answered", input_tokens: 7, output_tokens: 9 };

/** What the provider sends, without which part of it the client gets it, and what the log says. */
const STREAMS = [
  ["chat, its usage removed", CHAT, `${DELTAS}${FINISH}${CHAT_USAGE}data: [DONE]\n\n`, CHAT_USAGE, COUNTED],
  ["chat that ends with CRLF", CHAT, `${DELTAS}data: [DONE]\n\n`.replaceAll("\n", "\r\n"), "", { outcome: "answered" }],
  ["chat whose sign of an end is long gone by", CHAT, `${DELTAS}${FINISH}${NOTE}`, "", { outcome: "answered" }],
  ["messages", ["/v1/messages", "anthropic/m"], MESSAGE + TEXT + STOPPED + STOP, "", COUNTED],
] as const;

const SHAPES = fc.record({
  sizes: fc.array(fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 10, max: 3000 })), {
    minLength: 1,
    maxLength: 60,
  }),
  extension: fc.constantFrom("", "", ";a=b"),
  trailer: fc.constantFrom("", "x-sum: 1\r\n"),
  cuts: fc.array(fc.nat(12_000), { maxLength: 40 }),
});

/** The body in chunks of these sizes, the last of which is that of all that is left. */
function inChunks(body: Buffer, sizes: readonly number[], extension: string, trailer: string): Buffer {
  const pieces: Buffer[] = [];
  let at = 0;
  for (const size of [...sizes, body.length]) {
    const data = body.subarray(at, at + size);
    if (data.length === 0) break;
    pieces.push(Buffer.from(`${data.length.toString(16)}${extension}\r\n`), data, Buffer.from("\r\n"));
    at += data.length;
  }
  return Buffer.concat([...pieces, Buffer.from(`0\r\n${trailer}\r\n`)]);
}

test.each(STREAMS)("%s", async (_, [target, model], text, removed, logged) => {
  const expected = text.replace(removed, "");
  await fc.assert(
    fc.asyncProperty(SHAPES, async ({ sizes, extension, trailer, cuts }) => {
      const wire = inChunks(Buffer.from(text), sizes, extension, trailer);
      const places = [0, ...cuts.map((cut) => cut % wire.length), wire.length].toSorted((a, b) => a - b);
      const pieces = places.slice(1).map((place, index) => raw(wire.subarray(places[index], place)));
      rig.provider.answer([head(200, HEAD), ...pieces]);
      const messages = [{ role: "user", content: "hi" }];
      const { client, id } = await rig.call({ target, body: { model, stream: true, max_tokens: 5, messages } });
      expect((await client.body()).text).toBe(expected);
      client.leave();
      expect(await rig.settled(id)).toMatchObject({ ...logged, bytes_out: Buffer.byteLength(expected) });
    }),
    propertyRuns(25),
  );
});
