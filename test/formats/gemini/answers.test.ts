import { describe, expect, test } from "bun:test";
import type { JsonObject } from "../../../src/core/json/parse.ts";
import type { ModelAnswer } from "../../../src/formats/form/answer.ts";
import type { AnswerEvent } from "../../../src/formats/form/answer-events.ts";
import { GEMINI_WIRE } from "../../../src/formats/gemini/wire-dialect.ts";
import { cpuGrowth, LINEAR } from "../../fixtures/cpu-growth.ts";
import { collect } from "../messages/collect.ts";
import { target } from "./conversations.ts";

const { readAnswer, readStream } = GEMINI_WIRE;

const SEAL = { origin: "google/generate", kind: "signature", value: "U0lH" } as const;
const SIGNED = { thoughtSignature: "U0lH" };

/** A body of the API with one candidate. */
const bodyOf = (parts: readonly object[], members: object = {}, more: object = {}): JsonObject => ({
  candidates: [{ index: 0, content: { role: "model", parts }, ...members }],
  modelVersion: "m",
  responseId: "r",
  ...more,
});

const STOP = { finishReason: "STOP" };

const stream = (...bodies: readonly unknown[]): readonly AnswerEvent[] => {
  const reader = readStream(target());
  return [...bodies.flatMap((body) => reader.read({ name: undefined, data: JSON.stringify(body) })), ...reader.end()];
};

/** The same parts as a whole answer and as a stream, which must say the same. */
function readBothWays(parts: readonly object[], members: object = STOP, more: object = {}): ModelAnswer {
  const whole = readAnswer(bodyOf(parts, members, more), target());
  if ("error" in whole) throw new Error(whole.error.message);
  const last = parts.length - 1;
  const events = stream(
    ...parts.slice(0, last).map((part) => bodyOf([part])),
    bodyOf(parts.slice(Math.max(last, 0)), members, more),
  );
  expect(collect(events)).toEqual(whole);
  return whole;
}

describe("blocks", () => {
  test.each<[string, readonly object[], readonly object[]]>([
    ["no parts", [], []],
    ["text", [{ text: "a" }], [{ type: "text", text: "a" }]],
    ["text in several parts", [{ text: "a" }, { text: "" }, { text: "b" }], [{ type: "text", text: "ab" }]],
    [
      "thoughts",
      [{ text: "hm", thought: true }, { text: "a" }],
      [
        { type: "thinking", text: "hm", seal: undefined },
        { type: "text", text: "a" },
      ],
    ],
    ["a signed text", [{ text: "a", ...SIGNED }], [{ type: "text", text: "a", seal: SEAL }]],
    [
      "a text that is signed behind it",
      [{ text: "a" }, { text: "", ...SIGNED }],
      [{ type: "text", text: "a", seal: SEAL }],
    ],
    [
      "a signature without a text",
      [{ ...SIGNED }],
      [{ type: "thinking", text: "", seal: { ...SEAL, kind: "encrypted" } }],
    ],
    [
      "what is signed and what is not",
      [{ text: "a", ...SIGNED }, { text: "b" }],
      [
        { type: "text", text: "a", seal: SEAL },
        { type: "text", text: "b" },
      ],
    ],
    [
      "a signed thought",
      [{ text: "hm", thought: true, ...SIGNED }, { text: "a" }],
      [
        { type: "thinking", text: "hm", seal: SEAL },
        { type: "text", text: "a" },
      ],
    ],
    [
      "code that the provider ran",
      [{ executableCode: { code: "1" } }, { codeExecutionResult: { output: "1" } }, { text: "a" }],
      [
        { type: "opaque", format: "generate", name: "executableCode", value: { executableCode: { code: "1" } } },
        {
          type: "opaque",
          format: "generate",
          name: "codeExecutionResult",
          value: { codeExecutionResult: { output: "1" } },
        },
        { type: "text", text: "a" },
      ],
    ],
    [
      "a picture",
      [{ text: "a" }, { inlineData: { mimeType: "image/png", data: "AA==" } }],
      [
        { type: "text", text: "a" },
        { type: "image", source: { kind: "base64", data: "AA==" }, mediaType: "image/png" },
      ],
    ],
    [
      "a picture that was only thought of",
      [{ inlineData: { mimeType: "image/png", data: "AA==" }, thought: true }],
      [],
    ],
  ])("%s", (_, parts, blocks) => {
    const answer = readBothWays(parts);
    expect(answer.blocks as unknown).toEqual(blocks);
    expect(answer).toMatchObject({ id: "r", model: "m", stop: { reason: "end" } });
  });

  test("calls, the first of which is signed", () => {
    const parts = [
      { text: "a" },
      { functionCall: { id: "1", name: "f", args: { x: [1] } }, ...SIGNED },
      { functionCall: { name: "g" } },
      { functionCall: { name: "g" } },
    ];
    const { blocks, stop } = readBothWays(parts);
    expect(stop).toEqual({ reason: "tool" });
    expect(blocks).toMatchObject([
      { type: "text" },
      { type: "call", id: "1", name: "f", input: '{"x":[1]}', kind: "function", seal: SEAL },
      { type: "call", name: "g", input: "{}", id: expect.stringMatching(/^call_[0-9a-f]{24}$/) },
      { type: "call", name: "g", input: "{}" },
    ]);
    expect(new Set(blocks.map((block) => (block.type === "call" ? block.id : "")))).toHaveLength(4);
  });

  test("of several answers the first one is read", () => {
    const candidates = [
      { index: 1, content: { parts: [{ text: "b" }] }, ...STOP },
      { index: 0, content: { parts: [{ text: "a" }] }, ...STOP },
    ];
    expect(readAnswer({ candidates }, target())).toMatchObject({ blocks: [{ text: "a" }] });
  });
});

describe("the reason to stop", () => {
  test.each([
    ["STOP", "end"],
    ["MAX_TOKENS", "length"],
    ["SAFETY", "filter"],
    ["RECITATION", "filter"],
    ["LANGUAGE", "filter"],
    ["BLOCKLIST", "filter"],
    ["PROHIBITED_CONTENT", "filter"],
    ["SPII", "filter"],
    ["IMAGE_SAFETY", "filter"],
    ["OTHER", "end"],
    ["OF_NEXT_YEAR", "end"],
  ] as const)("%s", (finishReason, reason) => {
    expect(readBothWays([{ text: "a" }], { finishReason }).stop.reason).toBe(reason);
  });

  const blocked = { promptFeedback: { blockReason: "SAFETY" }, usageMetadata: { promptTokenCount: 3 } };

  test("a prompt that is refused has no candidate", () => {
    const whole = readAnswer(blocked, target());
    expect(whole).toMatchObject({ blocks: [], stop: { reason: "filter" }, usage: { input: 3, output: 0 } });
    expect(collect(stream(blocked))).toEqual(whole as ModelAnswer);
  });

  test.each([
    ["MALFORMED_FUNCTION_CALL", [{ text: "a" }]],
    ["UNEXPECTED_TOOL_CALL", [{ text: "a" }]],
    ["TOO_MANY_TOOL_CALLS", [{ text: "a" }]],
    ["OTHER", []],
    ["OF_NEXT_YEAR", []],
  ])("%s is a failure (after %j)", (finishReason, parts) => {
    const members = { finishReason, finishMessage: "why" };
    const error = { message: "why", type: "api_error", code: finishReason };
    expect(readAnswer(bodyOf(parts, members), target())).toEqual({ error });
    expect(stream(bodyOf(parts), bodyOf([], members)).at(-1)).toEqual({ type: "fail", error });
  });

  test("an answer without a candidate is none, and a stream that does not stop broke off", () => {
    expect(readAnswer({ usageMetadata: {} }, target())).toHaveProperty("error.isNoAnswer", true);
    expect(stream(bodyOf([{ text: "a" }])).at(-1)?.type).toBe("fail");
    expect(stream().at(-1)?.type).toBe("fail");
  });
});

describe("usage", () => {
  test("thoughts are output, and what tools brought is input", () => {
    const usageMetadata = {
      ...{ promptTokenCount: 10, cachedContentTokenCount: 4, toolUsePromptTokenCount: 5 },
      ...{ candidatesTokenCount: 7, thoughtsTokenCount: 3, totalTokenCount: 25 },
    };
    expect(readBothWays([{ text: "a" }], STOP, { usageMetadata }).usage).toEqual({
      ...{ input: 15, output: 10, cacheRead: 4, reasoning: 3 },
      ...{ cacheWrite: undefined, cacheWriteHour: undefined },
    });
  });

  test("what a later event does not say stays, and nothing is added up", () => {
    const usage = (usageMetadata: object) => bodyOf([{ text: "a" }], {}, { usageMetadata });
    const events = stream(
      usage({ promptTokenCount: 5, thoughtsTokenCount: 2 }),
      usage({ promptTokenCount: 6, candidatesTokenCount: 1 }),
      bodyOf([], STOP),
    );
    expect(collect(events).usage).toMatchObject({ input: 6, output: 3 });
  });
});

describe("sources", () => {
  const groundingChunks = [
    { web: { uri: "https://a", title: "A" } },
    { retrievedContext: { title: "B" } },
    { web: {} },
  ];
  const grounded = (said: string, startIndex: number, endIndex: number, quote?: string, indices = [0]) => ({
    ...STOP,
    groundingMetadata: {
      groundingChunks,
      groundingSupports: [
        { segment: { startIndex, endIndex, ...(quote && { text: quote }) }, groundingChunkIndices: indices },
      ],
    },
    said,
  });

  test("places are counted in bytes there, and in UTF-16 here", () => {
    const said = "é😀 so";
    const members = grounded(said, Buffer.byteLength("é😀 "), Buffer.byteLength(said), "so", [0, 1, 2, 9]);
    expect(readBothWays([{ text: said }], members).blocks).toEqual([
      {
        type: "text",
        text: said,
        annotations: [
          { url: "https://a", title: "A", start: 4, end: 6 },
          { url: undefined, title: "B", start: 4, end: 6 },
        ],
      },
    ]);
  });

  test("what is kept of them while a stream goes on counts as held, each once", () => {
    const reader = readStream(target());
    const read = (uri: string): number => {
      const groundingChunks = [{ web: { uri } }];
      const groundingMetadata = { groundingChunks, groundingSupports: [{ segment: {}, groundingChunkIndices: [0] }] };
      reader.read({ name: undefined, data: JSON.stringify(bodyOf([{ text: "a" }], { groundingMetadata })) });
      return reader.held ?? 0;
    };
    const first = read(`https://e.com/${"a".repeat(1000)}`);
    expect(first).toBeGreaterThan(1000);
    expect(read(`https://e.com/${"a".repeat(1000)}`)).toBe(first + 1);
    expect(read(`https://e.com/${"b".repeat(1000)}`)).toBeGreaterThan(first + 1000);
  });

  test("a long source that is referred to over and over takes time by their lengths", async () => {
    const make = (size: number) => {
      const uri = `https://e.com/${"a".repeat(size * 8)}`;
      const groundingChunkIndices = Array.from({ length: size }, () => 0);
      const supports = Array.from({ length: size }, () => ({ segment: {}, groundingChunkIndices: [0] }));
      const groundingSupports = [{ segment: {}, groundingChunkIndices }, ...supports];
      const groundingMetadata = { groundingChunks: [{ web: { uri } }], groundingSupports };
      const body = bodyOf([{ text: "a" }], { ...STOP, groundingMetadata });
      return () => readAnswer(body, target());
    };
    expect(await cpuGrowth(5000, make)).toBeLessThan(LINEAR);
  });

  test("places that do not show what they are said to show are left out", () => {
    const members = grounded("abc", 0, 2, "bc");
    expect(readBothWays([{ text: "abc" }], members).blocks).toMatchObject([
      { annotations: [{ url: "https://a", start: undefined, end: undefined }] },
    ]);
  });

  test("in an answer with several texts, places may be those in all of them", () => {
    const parts = [{ text: "abé" }, { executableCode: {} }, { text: "cd" }];
    expect(readBothWays(parts, grounded("", 5, 6, "d")).blocks.at(-1)).toMatchObject({
      annotations: [{ start: 1, end: 2 }],
    });
  });

  test.each([
    ["a call", { functionCall: { name: "f", args: {} } }],
    ["a picture", { inlineData: { mimeType: "image/png", data: "AA==" } }],
    ["a thought", { text: "hm", thought: true }],
    ["an empty end", { text: "" }],
  ])("are those of the text before %s", (_, part) => {
    const { blocks } = readBothWays([{ text: "hm", thought: true }, { text: "abc" }, part], grounded("", 1, 3, "bc"));
    expect(blocks[1]).toEqual({
      type: "text",
      text: "abc",
      annotations: [{ url: "https://a", title: "A", start: 1, end: 3 }],
    });
  });

  test("citations have their places, too", () => {
    const citationMetadata = { citations: [{ startIndex: 1, endIndex: 3, uri: "https://c", title: "C" }] };
    expect(readBothWays([{ text: "abcd" }], { ...STOP, citationMetadata }).blocks).toMatchObject([
      { annotations: [{ url: "https://c", title: "C", start: 1, end: 3 }] },
    ]);
  });

  test("of several texts, those are annotated that show what is said to stand there", () => {
    const call = { functionCall: { id: "c", name: "f", args: {} } };
    const { blocks } = readBothWays([{ text: "abc" }, call, { text: "def" }], grounded("", 1, 3, "bc"));
    expect(blocks).toMatchObject([{ annotations: [{ start: 1, end: 3 }] }, { type: "call" }, { text: "def" }]);
    expect(blocks[2]).not.toHaveProperty("annotations");
  });

  test("in an answer without a text there is nothing that they could be of", () => {
    const call = { functionCall: { id: "c", name: "f", args: {} } };
    expect(readBothWays([call], grounded("", 0, 3)).blocks).toMatchObject([{ type: "call" }]);
  });

  test("each is told once, however often a stream repeats it", () => {
    const members = grounded("a", 0, 1);
    const events = stream(bodyOf([{ text: "a" }], members), bodyOf([], members));
    expect(events.filter(({ type }) => type === "annotation")).toHaveLength(1);
  });
});

describe("errors in answers with a good status", () => {
  const error = { code: 429, message: "Slow down", status: "RESOURCE_EXHAUSTED" };
  const read = { message: "Slow down", type: "rate_limit_error", code: "RESOURCE_EXHAUSTED" };

  test.each<[string, unknown]>([
    ["in an object", { error }],
    ["in a list", [{ error }]],
    ["beside a candidate", { ...bodyOf([{ text: "a" }], STOP), error }],
  ])("%s", (_, body) => {
    expect(stream(bodyOf([{ text: "a" }]), body, bodyOf([], STOP)).slice(-1)).toEqual([{ type: "fail", error: read }]);
    if (!Array.isArray(body)) expect(readAnswer(body as JsonObject, target())).toEqual({ error: read });
  });

  test.each([
    [{ code: 400, status: "INVALID_ARGUMENT", details: [{ reason: "API_KEY_INVALID" }] }, "authentication_error"],
    [{ code: 400, status: "INVALID_ARGUMENT" }, "invalid_request_error"],
    [{ code: 401, status: "UNAUTHENTICATED" }, "authentication_error"],
    [{ code: 403, status: "PERMISSION_DENIED" }, "permission_error"],
    [{ code: 404, status: "NOT_FOUND" }, "not_found_error"],
    [{ code: 500, status: "INTERNAL" }, "api_error"],
    [{ code: 503, status: "UNAVAILABLE" }, "overloaded_error"],
    [{ code: 504, status: "DEADLINE_EXCEEDED" }, "timeout_error"],
    [{ code: 429 }, "rate_limit_error"],
    [{}, "api_error"],
  ])("%j", (told, type) => {
    expect(readAnswer({ error: told }, target())).toHaveProperty("error.type", type);
  });

  test("an event that is no object", () => {
    const reader = readStream(target());
    expect(reader.read({ name: undefined, data: "oops" })).toMatchObject([{ type: "fail" }]);
    expect(reader.read({ name: undefined, data: JSON.stringify(bodyOf([{ text: "a" }], STOP)) })).toEqual([]);
    expect(reader.end()).toEqual([]);
  });
});
