import { describe, expect, test } from "bun:test";
import { DIALECTS } from "../../src/formats/dialects.ts";
import { factsOf } from "../../src/formats/form/model-facts.ts";
import { readRecordedStreams } from "../fixtures/recorded-streams.ts";
import { STREAMS } from "../translation/provider-traffic.ts";
import { cut, translatePieces } from "../translation/translate-pieces.ts";

const WIRES = ["chat", "messages", "responses"] as const;
type OtherWire = (typeof WIRES)[number];

const client = await DIALECTS.generate();
const readers = { chat: DIALECTS.chat, messages: DIALECTS.messages, responses: DIALECTS.responses };

/** With what a provider says that an answer is whole; usage may come after it. */
const STOPS: Readonly<Record<OtherWire, string>> = {
  chat: '"finish_reason":"tool_calls"}',
  messages: '"stop_reason":"tool_use"',
  responses: '"type":"response.completed"',
};

/** A recorded stream that the provider ended with an error. */
const HAS_FAILED = /"(?:finish_reason":"error"|error":\{)/;

const FINISHED = '"finishReason":';

/** What a client gets of a stream that comes in these pieces, and with what it broke off. */
async function translate(wire: OtherWire, pieces: Iterable<Uint8Array>, isArray = false) {
  let ids = 0;
  const contents = [{ parts: [{ text: "hi" }] }];
  const generationConfig = { thinkingConfig: { includeThoughts: true } };
  const parts = {
    reader: (await readers[wire]()).readStream({ provider: "p", model: "m", facts: factsOf("m") }),
    writer: client.writeStream({
      model: "p/m",
      request: client.readRequest({ model: "p/m", stream: true, contents, generationConfig }),
      newId: () => String((ids += 1)).padStart(24, "0"),
      createdAt: 1,
      isArray,
    }),
  };
  return translatePieces(parts, pieces);
}

const own = WIRES.map((wire) => [`own ${wire}`, wire, Buffer.from(STREAMS[wire].join(""))] as const);
const recorded = (await readRecordedStreams()).flatMap(({ name, kind, body }) => {
  const wire = WIRES.find((each) => each === kind);
  return wire ? [[name, wire, Buffer.from(body)] as const] : [];
});

describe("a stream of another API", () => {
  test.each([...own, ...recorded])("%s is whole, in events and as an array", async (_, wire, body) => {
    const { text, thrown } = await translate(wire, [body]);
    expect(thrown).toBeUndefined();
    expect(text.includes(FINISHED)).toBe(!HAS_FAILED.test(body.toString()));
    const chunks = text
      .split("\n\n")
      .filter((event) => event !== "")
      .map((event) => JSON.parse(event.replace(/^data: /, "")) as unknown);
    expect(JSON.parse((await translate(wire, [body], true)).text)).toEqual(chunks);
  });

  test.each([...own, ...recorded])("%s gives the same bytes however it is cut", async (_, wire, body) => {
    const { text } = await translate(wire, [body]);
    for (const size of body.length > 50_000 ? [1000, 37] : [1, 7, 37]) {
      expect((await translate(wire, cut(body, size))).text).toBe(text);
    }
  });

  test.each(own)("%s, cut at any byte, is whole only if it has stopped", async (_, wire, body) => {
    for (let length = 1; length < body.length; length++) {
      const part = body.subarray(0, length);
      if (part.includes(STOPS[wire])) continue;
      const { text, thrown } = await translate(wire, [part]);
      expect([length, text.includes(FINISHED)]).toEqual([length, false]);
      if (text !== "") expect([length, thrown]).toMatchObject([length, { code: "STREAM_UNFINISHED" }]);
    }
  });
});
