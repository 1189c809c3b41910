import { describe, expect, test } from "bun:test";
import { Failure } from "../../src/core/errors.ts";
import { factsOf } from "../../src/formats/form/model-facts.ts";
import type { ClientAsk } from "../../src/formats/form/dialect.ts";
import { StreamTranslation } from "../../src/pipeline/translate/stream-translation.ts";
import { UpstreamError } from "../../src/upstream/errors.ts";
import { dataEvent } from "../fixtures/answers.ts";
import { DIALECTS } from "../../src/formats/dialects.ts";
import type { AnswerEvent } from "../../src/formats/form/answer-events.ts";
import { ENDS, TEST_DIALECTS } from "../fixtures/test-dialect.ts";

const wire = await TEST_DIALECTS.chat();
const client = await TEST_DIALECTS.messages();
const target = { provider: "groq", model: "m", facts: factsOf("m") };
const ask: ClientAsk = {
  model: "groq/m",
  request: client.readRequest({ model: "groq/m", said: "hi", stream: true }),
  newId: () => "id",
  createdAt: 0,
};

const STREAM = [
  dataEvent({ start: true }),
  dataEvent({ piece: "é" }),
  dataEvent({ piece: "b" }),
  dataEvent({ stop: "end" }),
  dataEvent({ usage: { in: 3, out: 2, cached: 1 } }),
  dataEvent("[DONE]"),
];

const written = (data: unknown): string => dataEvent({ for: "messages", ...Object(data) });
const TRANSLATED = [
  written({ model: "groq/m" }),
  written({ piece: "é" }),
  written({ piece: "b" }),
  written({ stop: "end" }),
].join("");

/** What is written of a stream, and with what it broke off. */
function translate(pieces: readonly (Uint8Array | string)[], room = Number.POSITIVE_INFINITY) {
  const told: string[] = [];
  const holds: number[] = [];
  const translation = new StreamTranslation({
    reader: wire.readStream(target),
    writer: client.writeStream(ask),
    clientsError: (error) => ({ ...error, message: error.message.replaceAll("secret", "***") }),
    onError: ({ message }) => told.push(message),
    mayHold(bytes) {
      holds.push(bytes);
      return bytes <= room;
    },
    failureOf: ({ message }) => new Failure("provider_error", { message: `failed: ${message}` }),
  });
  const writes: string[] = [];
  const write = (bytes: Uint8Array): void => void writes.push(Buffer.from(bytes).toString());
  let thrown: unknown;
  try {
    for (const piece of pieces) translation.push(Buffer.from(piece), write);
    translation.end(write);
  } catch (error) {
    thrown = error;
  }
  return { writes, text: writes.join(""), thrown, told, holds, translation };
}

test("each event goes out with the bytes that end it, and the end with the wire's own sign of it", () => {
  const { writes, thrown, translation } = translate(STREAM);
  expect(writes).toEqual([
    written({ model: "groq/m" }),
    written({ piece: "é" }),
    written({ piece: "b" }),
    written({ stop: "end" }),
    ENDS.messages,
  ]);
  expect([thrown, translation.isOver, translation.usage?.input]).toEqual([undefined, false, 3]);
});

test("any cut of the bytes gives the same bytes", () => {
  const bytes = Buffer.from(STREAM.join(""));
  for (let cut = 0; cut <= bytes.length; cut++) {
    expect(translate([bytes.subarray(0, cut), bytes.subarray(cut)]).text).toBe(TRANSLATED + ENDS.messages);
  }
  expect(translate([...bytes].map((byte) => Uint8Array.of(byte))).text).toBe(TRANSLATED + ENDS.messages);
});

test("what comes after the end is not said", () => {
  expect(translate([...STREAM, dataEvent({ piece: "more" })]).text).toBe(TRANSLATED + ENDS.messages);
});

test("the last event may lack its empty line", () => {
  const [last = "", ...before] = STREAM.toReversed();
  for (const end of ["", "\n"]) {
    expect(translate([...before.toReversed(), last.trimEnd() + end]).text).toBe(TRANSLATED + ENDS.messages);
  }
});

test("a stream without the wire's sign of its end that has stopped is whole", () => {
  expect(translate(STREAM.slice(0, -1)).text).toBe(TRANSLATED + ENDS.messages);
});

describe("a stream that is cut", () => {
  test("at any byte before it has stopped is broken off, and never ended", () => {
    const whole = Buffer.from(STREAM.slice(0, 3).join(""));
    for (let cut = 1; cut <= whole.length; cut++) {
      const { text, thrown } = translate([whole.subarray(0, cut)]);
      expect(TRANSLATED).toStartWith(text);
      // Bytes that are no event yet are nothing to be ended: what is empty is said elsewhere.
      if (text !== "") expect(thrown).toMatchObject({ code: "STREAM_UNFINISHED", fault: "reset" });
      expect(text).not.toContain("message_stop");
    }
  });

  test("within its last event does not say half of it", () => {
    const { text, thrown } = translate([STREAM[0] ?? "", 'data: {"piece":"ha']);
    expect([text, thrown instanceof UpstreamError]).toEqual([written({ model: "groq/m" }), true]);
  });

  test("before any event is empty", () => {
    expect(translate([": ping\n\n"])).toMatchObject({ text: "", thrown: undefined });
  });
});

describe("an error of the provider's", () => {
  const error = dataEvent({ error: { message: "it is secret", type: "rate_limit_error" } });

  test("is thrown if nothing was said before", () => {
    const { text, thrown, told } = translate([error]);
    expect([text, String(thrown), told]).toEqual(["", "Failure: failed: it is secret", []]);
  });

  test.each([[[`${STREAM[0]}${error}${STREAM[1]}`]], [[STREAM[0] ?? "", error, STREAM[1] ?? ""]]])(
    "is said in the client's words after something was, and ends the stream: %#",
    (pieces) => {
      const { text, thrown, told, translation } = translate(pieces);
      expect(text).toBe(
        written({ model: "groq/m" }) + written({ error: { message: "it is ***", type: "rate_limit_error" } }),
      );
      expect([thrown, told, translation.isOver]).toEqual([undefined, ["it is secret"], true]);
    },
  );
});

test("an endless event is not kept without end", () => {
  const piece = Buffer.alloc(1024 * 1024, "x");
  const { text, thrown } = translate([...STREAM.slice(0, 2), "data: ", ...Array<Buffer>(17).fill(piece)]);
  expect(text).toBe(written({ model: "groq/m" }) + written({ piece: "é" }));
  expect(thrown).toMatchObject({ fault: "invalid_response" });
});

test("what a dialect throws breaks the stream off behind what was said", () => {
  const { text, thrown } = translate([`${STREAM[0]}data: no json\n\n${STREAM[1]}`]);
  expect([text, thrown]).toMatchObject([written({ model: "groq/m" }), { code: "internal" }]);
});

describe("what is held back for what is still to come", () => {
  const LONG = dataEvent({ piece: "x".repeat(100_000) });
  const parts = [LONG.slice(0, 40_000), LONG.slice(40_000, 70_000), LONG.slice(70_000)];

  test("is counted in steps, and no more once it is written", () => {
    expect(translate([STREAM[0] ?? "", ...parts, ...STREAM.slice(1)]).holds).toEqual([65_536, 131_072, 0]);
    expect(translate(STREAM).holds).toEqual([]);
  });

  test("ends the stream if there is no room for it", () => {
    const { thrown, text } = translate([STREAM[0] ?? "", ...parts], 65_536);
    expect(thrown).toMatchObject({ code: "memory_exhausted" });
    expect(text).toBe(written({ model: "groq/m" }));
  });

  test("is what each client's API needs of an answer", async () => {
    const chat = await DIALECTS.chat();
    const events = [
      { type: "start", id: "a", model: "m" },
      { type: "open", block: 0, opened: { type: "text", isRefusal: false } },
      { type: "open", block: 1, opened: { type: "thinking" } },
      { type: "piece", block: 0, text: "x".repeat(10) },
      { type: "piece", block: 1, text: "y".repeat(100) },
    ] as const satisfies readonly AnswerEvent[];
    const request = chat.readRequest({ model: "m", messages: [{ role: "user", content: "hi" }], stream: true });
    const held = async (api: "chat" | "messages" | "responses", ...more: AnswerEvent[]) => {
      const writer = (await DIALECTS[api]()).writeStream({ ...ask, request });
      for (const event of [...events, ...more]) writer.write(event);
      return writer.held;
    };
    const closed = { type: "close", block: 1 } as const;
    const first = { type: "close", block: 0 } as const;
    // A thought as a whole item; a thought behind the text; all that the last event repeats.
    expect([await held("chat"), await held("messages"), await held("responses")]).toEqual([100, 100, 110]);
    expect([await held("chat", closed), await held("messages", closed)]).toEqual([0, 100]);
    expect(await held("messages", closed, first)).toBe(0);
  });
});
