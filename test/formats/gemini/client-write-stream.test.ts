import { describe, expect, test } from "bun:test";
import type { AnswerEvent } from "../../../src/formats/form/answer-events.ts";
import { MAX_HELD } from "../../../src/formats/gemini/write-stream-parts.ts";
import { writeStream } from "../../../src/formats/gemini/write-stream.ts";
import { writeAnswer } from "../../../src/formats/gemini/write-answer.ts";
import { ask, chunksOf, SHOWN, written } from "./collect.ts";

const START: AnswerEvent = { type: "start", id: "x", model: "m" };
const STOP: AnswerEvent = { type: "stop", stop: { reason: "end" } };
const openText = (block: number): AnswerEvent => ({ type: "open", block, opened: { type: "text", isRefusal: false } });
const openCall = (block: number): AnswerEvent => ({
  type: "open",
  block,
  opened: { type: "call", id: `t${block}`, name: "f", kind: "function" },
});
const piece = (block: number, text: string): AnswerEvent => ({ type: "piece", block, text });
const close = (block: number): AnswerEvent => ({ type: "close", block });

const HEAD = { modelVersion: "openai/m", responseId: "000000000000000000000001" };
const chunk = (part: object) => ({ candidates: [{ content: { parts: [part], role: "model" }, index: 0 }], ...HEAD });

describe("a client's stream", () => {
  test("has sources that come behind the end of their text", () => {
    const annotation = { url: "https://e.com", title: "E", start: 0, end: 2 };
    const late: AnswerEvent = { type: "annotation", block: 0, annotation };
    const stream = written([START, openText(0), piece(0, "Hi"), close(0), openCall(1), close(1), late, STOP]);
    expect(chunksOf(stream).at(-1)).toMatchObject({
      candidates: [{ groundingMetadata: { groundingChunks: [{ web: { uri: "https://e.com", title: "E" } }] } }],
    });
  });

  test("is what Google sends", () => {
    const usage = { input: 18, output: 20, cacheRead: 3, cacheWrite: 5, cacheWriteHour: undefined, reasoning: 7 };
    const annotation = { url: "https://e.com", title: "E", start: 0, end: 2 };
    const stream = written(
      [
        START,
        { type: "open", block: 0, opened: { type: "thinking" } },
        piece(0, "Hm"),
        { type: "seal", block: 0, seal: { origin: "google/generate", kind: "signature", value: "c2ln" } },
        close(0),
        openText(1),
        piece(1, "Hel"),
        piece(1, "lo"),
        { type: "annotation", block: 1, annotation },
        { type: "annotation", block: 1, annotation },
        close(1),
        openCall(2),
        piece(2, '{"a":'),
        piece(2, "12345678901234567890}"),
        close(2),
        STOP,
        { type: "usage", usage },
      ],
      ask(SHOWN),
    );
    expect(stream).toContain('"args":{"a":12345678901234567890}');
    const last = {
      candidates: [
        {
          content: { parts: [{ text: "" }], role: "model" },
          finishReason: "STOP",
          groundingMetadata: { groundingChunks: [{ web: { uri: "https://e.com", title: "E" } }] },
          index: 0,
        },
      ],
      usageMetadata: {
        promptTokenCount: 18,
        cachedContentTokenCount: 3,
        candidatesTokenCount: 13,
        thoughtsTokenCount: 7,
        totalTokenCount: 38,
      },
      ...HEAD,
    };
    expect(chunksOf(stream)).toEqual([
      chunk({ text: "Hm", thought: true }),
      chunk({ text: "", thought: true, thoughtSignature: "c2ln" }),
      chunk({ text: "Hel" }),
      chunk({ text: "lo" }),
      chunk({ functionCall: { id: "t2", name: "f", args: { a: 12345678901234567000 } } }),
      last,
    ]);
  });

  test("says each piece as it comes", () => {
    const writer = writeStream(ask());
    expect(writer.write(START) + writer.write(openText(0))).toBe("");
    expect(chunksOf(writer.write(piece(0, "a")))).toEqual([chunk({ text: "a" })]);
    expect(writer.write(close(0)) + writer.write(openCall(1)) + writer.write(piece(1, "{}"))).toBe("");
    expect(chunksOf(writer.write(close(1)))).toEqual([chunk({ functionCall: { id: "t1", name: "f", args: {} } })]);
  });

  test("puts parts in order that come mixed", () => {
    const stream = written([
      START,
      openCall(0),
      openText(1),
      piece(1, "b"),
      openCall(2),
      piece(2, '{"c":1}'),
      piece(0, "{}"),
      close(2),
      piece(1, "b"),
      close(0),
      piece(1, "b"),
      close(1),
      STOP,
    ]);
    const parts = chunksOf(stream).map(({ candidates }) => Object(candidates)[0].content.parts[0]);
    expect(parts).toEqual([
      { functionCall: { id: "t0", name: "f", args: {} } },
      { text: "bb" },
      { text: "b" },
      { functionCall: { id: "t2", name: "f", args: { c: 1 } } },
      { text: "" },
    ]);
  });

  test("has a bound for what is held back", () => {
    const writer = writeStream(ask());
    writer.write(openCall(0));
    const text = "x".repeat(1024 * 1024);
    let said = "";
    for (let held = 0; held <= MAX_HELD && said === ""; held += text.length) said = writer.write(piece(0, text));
    expect(chunksOf(said)).toMatchObject([{ error: { code: 500, status: "INTERNAL" } }]);
    expect(writer.write(piece(0, text)) + writer.end()).toBe("");
  });

  test.each([
    [{ type: "overloaded_error" }, 503, "UNAVAILABLE"],
    [{ type: "authentication_error" }, 401, "UNAUTHENTICATED"],
    [{ code: "context_length_exceeded" }, 400, "INVALID_ARGUMENT"],
    [{ type: "insufficient_quota" }, 429, "RESOURCE_EXHAUSTED"],
    [{}, 500, "INTERNAL"],
  ])("tells an error: %j", (error, code, status) => {
    const event: AnswerEvent = {
      type: "fail",
      error: { type: undefined, code: undefined, message: "no", ...error },
    };
    expect(chunksOf(written([START, event, openText(0), STOP]))).toEqual([{ error: { code, message: "no", status } }]);
  });

  test("may be an array", () => {
    const events = [START, openText(0), piece(0, "a"), piece(0, "b"), close(0), STOP];
    expect(JSON.parse(written(events, ask({}, true)))).toEqual(chunksOf(written(events)));
    const broken = JSON.parse(written(events.slice(0, 3), ask({}, true))) as unknown[];
    expect(broken).toMatchObject([chunk({ text: "a" }), { error: { code: 500 } }]);
    const failed = written(
      [{ type: "fail", error: { message: "no", type: undefined, code: undefined } }],
      ask({}, true),
    );
    expect(JSON.parse(failed)).toMatchObject([{ error: { message: "no" } }]);
  });
});

describe("a whole answer", () => {
  test.each([
    ["end", "STOP"],
    ["stop_sequence", "STOP"],
    ["tool", "STOP"],
    ["pause", "STOP"],
    ["length", "MAX_TOKENS"],
    ["context", "MAX_TOKENS"],
    ["filter", "SAFETY"],
    ["refusal", "SAFETY"],
    ["error", "OTHER"],
  ] as const)("that stopped by %s is finished by %s", (reason, finishReason) => {
    const stop = { reason, explanation: "why" };
    expect(writeAnswer({ id: "x", model: "m", blocks: [], stop, usage: undefined }, ask())).toEqual({
      candidates: [{ content: { parts: [{ text: "" }], role: "model" }, finishReason, finishMessage: "why", index: 0 }],
      ...HEAD,
    });
  });

  test("has calls whose arguments are no object, as they are", () => {
    const call = { type: "call", id: "t", name: "f", kind: "function" } as const;
    const answer = (block: object) =>
      writeAnswer(
        { id: "x", model: "m", blocks: [{ ...call, input: "", ...block }], stop: { reason: "tool" }, usage: undefined },
        ask(),
      );
    const args = (block: object) => Object(answer(block)["candidates"])[0].content.parts[0].functionCall.args;
    expect([args({}), args({ input: "[1" }), args({ kind: "custom", input: "a b" })]).toEqual([
      {},
      { _raw: "[1" },
      { input: "a b" },
    ]);
  });
});
