import { describe, expect, test } from "bun:test";
import type { JsonObject } from "../../../src/core/json/parse.ts";
import type { AnswerEvent } from "../../../src/formats/form/answer-events.ts";
import type { ModelAnswer } from "../../../src/formats/form/answer.ts";
import { readStream } from "../../../src/formats/chat/read-stream.ts";
import { addUp } from "./events.ts";
import { targetOf } from "./samples.ts";

const END = "[DONE]";

const readAll = (chunks: readonly (JsonObject | string)[], provider = "openai"): AnswerEvent[] => {
  const reader = readStream(targetOf(provider));
  const events = chunks.flatMap((chunk) =>
    reader.read({ name: undefined, data: typeof chunk === "string" ? chunk : JSON.stringify(chunk) }),
  );
  return [...events, ...reader.end()];
};

const chunk = (delta: JsonObject, members: JsonObject = {}, top: JsonObject = {}): JsonObject => ({
  id: "a",
  model: "m",
  choices: [{ index: 0, delta, ...members }],
  ...top,
});
const finish = (reason = "stop", top: JsonObject = {}): JsonObject => chunk({}, { finish_reason: reason }, top);
const read = (deltas: readonly JsonObject[], provider?: string): ModelAnswer =>
  addUp(readAll([...deltas.map((delta) => chunk(delta)), finish(), END], provider));

const calls = (...items: JsonObject[]): JsonObject => ({ tool_calls: items });
const item = (
  index: number | undefined,
  id: string | undefined,
  name: string | undefined,
  text: string,
): JsonObject => ({
  index,
  id,
  function: { name, arguments: text },
});

test("an error behind the end of an answer takes nothing from it", () => {
  const told = [chunk({ content: "A" }), finish("stop", { usage: { prompt_tokens: 1 } })];
  for (const behind of [{ error: { message: "M" } }, "no JSON"]) {
    expect(readAll([...told, behind]).map(({ type }) => type)).toEqual(readAll(told).map(({ type }) => type));
  }
});

test("usage that Groq tells beside what was asked for", () => {
  const x_groq = { usage: { prompt_tokens: 3, completion_tokens: 2 } };
  expect(readAll([chunk({ content: "A" }), finish("stop", { x_groq })])).toContainEqual({
    type: "usage",
    usage: expect.objectContaining({ input: 3, output: 2 }),
  });
});

describe("text and thoughts", () => {
  test("one chunk may bundle everything, and nothing of it is lost", () => {
    const usage = { prompt_tokens: 1, completion_tokens: 2 };
    const bundle = { reasoning_content: "T", content: "\n", ...calls(item(0, "c", "f", "{}")) };
    expect(readAll([chunk(bundle, { finish_reason: "stop" }, { usage })])).toMatchObject([
      { type: "start", id: "a", model: "m" },
      { type: "open", block: 0, opened: { type: "thinking" } },
      { type: "piece", block: 0, text: "T" },
      { type: "seal", block: 0 },
      { type: "close", block: 0 },
      { type: "open", block: 1, opened: { type: "text" } },
      { type: "piece", block: 1, text: "\n" },
      { type: "close", block: 1 },
      { type: "open", block: 2, opened: { type: "call", id: "c", name: "f" } },
      { type: "piece", block: 2, text: "{}" },
      { type: "usage", usage: { input: 1, output: 2 } },
      { type: "close", block: 2 },
      { type: "stop", stop: { reason: "tool" } },
    ]);
  });

  test("Mistral's parts", () => {
    const thinking = (text: string): JsonObject => ({
      content: [{ type: "thinking", thinking: [{ type: "text", text }] }],
    });
    expect(
      read([thinking("a"), thinking("b"), { content: [{ type: "text", text: "c" }] }, { content: "d" }]).blocks,
    ).toMatchObject([
      { type: "thinking", text: "ab" },
      { type: "text", text: "cd" },
    ]);
  });

  test("OpenRouter's details, whose signature comes behind the text", () => {
    const detail = (members: JsonObject): JsonObject => ({
      content: "",
      reasoning: members["text"] ?? null,
      reasoning_details: [{ type: "reasoning.text", format: "anthropic-claude-v1", index: 0, ...members }],
    });
    const { blocks } = read(
      [
        detail({ text: "", signature: "" }),
        detail({ text: "a" }),
        detail({ text: "b" }),
        detail({ signature: "s" }),
        { content: "c" },
      ],
      "openrouter",
    );
    expect(blocks).toMatchObject([
      { type: "thinking", text: "ab" },
      { type: "text", text: "c" },
    ]);
    expect(JSON.stringify(blocks[0])).toContain('signature\\":\\"s');
  });

  test("a refusal, and thoughts between texts", () => {
    expect(read([{ content: "a" }, { reasoning: "b" }, { content: "c" }, { refusal: "d" }])).toMatchObject({
      blocks: [
        { type: "text", text: "a" },
        { type: "thinking", text: "b" },
        { type: "text", text: "c" },
        { type: "text", text: "d", isRefusal: true },
      ],
      stop: { reason: "refusal" },
    });
  });

  test("a whole message in the last chunk counts only if nothing came before it", () => {
    const last = { choices: [{ index: 0, message: { content: "whole" }, finish_reason: "stop" }] };
    expect(addUp(readAll([last])).blocks).toMatchObject([{ text: "whole" }]);
    expect(addUp(readAll([chunk({ content: "piece" }), last])).blocks).toMatchObject([{ text: "piece" }]);
  });

  test("of several choices the first", () => {
    const second = { choices: [{ index: 1, delta: { content: "x" }, finish_reason: "stop" }] };
    expect(addUp(readAll([chunk({ content: "a" }), second, finish()])).blocks).toMatchObject([{ text: "a" }]);
  });
});

describe("calls", () => {
  const calledOf = (answer: ModelAnswer): unknown[] =>
    answer.blocks.map((block) => (block.type === "call" ? [block.id, block.name, block.input] : block.type));
  const made = expect.stringMatching(/^call_[0-9a-f]{24}$/);

  test.each([
    [
      "in turn",
      [
        calls(item(0, "a", "f", "")),
        calls(item(1, "b", "g", "")),
        calls(item(0, undefined, undefined, "1")),
        calls(item(1, undefined, undefined, "2"), item(0, undefined, undefined, "3")),
      ],
      [
        ["a", "f", "13"],
        ["b", "g", "2"],
      ],
    ],
    [
      "without an index, by id",
      [
        calls(item(undefined, "a", "f", "{")),
        calls(item(undefined, "b", "f", "2")),
        calls(item(undefined, "a", undefined, "}")),
      ],
      [
        ["a", "f", "{}"],
        ["b", "f", "2"],
      ],
    ],
    [
      "Gemini's two in one delta, both at 0 without ids",
      [calls(item(0, "", "f", "{}"), item(0, "", "g", '{"a":3}'))],
      [
        [made, "f", "{}"],
        [made, "g", '{"a":3}'],
      ],
    ],
    [
      "the same function twice, at 0 without ids",
      [calls(item(0, "", "f", "{}"), item(0, "", "f", '{"a":3}'))],
      [
        [made, "f", "{}"],
        [made, "f", '{"a":3}'],
      ],
    ],
    [
      "a new id at a known index",
      [calls(item(0, "a", "f", "1")), calls(item(0, "b", "f", "2"))],
      [
        ["a", "f", "1"],
        ["b", "f", "2"],
      ],
    ],
    [
      "a name that is repeated under its id",
      [calls(item(0, "a", "f", "{")), calls(item(0, "a", "f", "}"))],
      [["a", "f", "{}"]],
    ],
    [
      "a name in pieces",
      [
        calls(item(0, "a", "get_", "")),
        calls(item(0, undefined, "weather", "")),
        calls(item(0, undefined, undefined, "{}")),
      ],
      [["a", "get_weather", "{}"]],
    ],
    [
      "without arguments, before one with some",
      [calls(item(0, "a", "f", "")), calls(item(1, "b", "g", "{}"))],
      [
        ["a", "f", ""],
        ["b", "g", "{}"],
      ],
    ],
    ["arguments as an object", [calls({ function: { name: "f", arguments: { a: 1 } } })], [[made, "f", '{"a":1}']]],
    [
      "the older form",
      [{ function_call: { name: "f", arguments: "" } }, { function_call: { arguments: "{}" } }],
      [[made, "f", "{}"]],
    ],
    [
      "a custom one",
      [
        calls({ index: 0, id: "a", type: "custom", custom: { name: "p", input: "" } }),
        calls({ index: 0, custom: { input: "x" } }),
      ],
      [["a", "p", "x"]],
    ],
  ] as [string, JsonObject[], unknown[]][])("%s", (_, deltas, wanted) => {
    const answer = read(deltas);
    expect(calledOf(answer)).toEqual(wanted);
    expect(answer.stop).toEqual({ reason: "tool" });
  });

  test("Gemini's signature is the call's seal", () => {
    const extra_content = { google: { thought_signature: "s" } };
    expect(read([calls({ ...item(0, "", "f", "{}"), extra_content })], "google").blocks).toMatchObject([
      { type: "call", seal: { origin: "google/chat", kind: "signature", value: "s" } },
    ]);
  });

  test("fifty thousand calls take no time that grows with their square", () => {
    const many = Array.from({ length: 50_000 }, (_, index) => calls(item(index, `c${index}`, "f", "{}")));
    expect(read(many).blocks).toHaveLength(50_000);
  });
});

describe("the end", () => {
  const types = (events: readonly AnswerEvent[]): string[] => events.map(({ type }) => type);

  test.each([
    ["usage behind the finish", [chunk({ content: "a" }), finish(), { choices: [], usage: { prompt_tokens: 1 } }, END]],
    [
      "usage in each chunk",
      [chunk({ content: "a" }, {}, { usage: { prompt_tokens: 1 } }), finish("stop", { usage: { prompt_tokens: 1 } })],
    ],
    [
      "Moonshot's usage",
      [chunk({ content: "a" }), chunk({}, { finish_reason: "stop", usage: { prompt_tokens: 1 } }), END],
    ],
    [
      "usage behind the stop",
      [
        chunk({ content: "a" }),
        finish("stop", { usage: { prompt_tokens: 9 } }),
        { choices: [], usage: { prompt_tokens: 1 } },
        END,
      ],
    ],
  ])("%s", (_, chunks) => {
    const answer = addUp(readAll(chunks));
    expect(answer).toMatchObject({ blocks: [{ text: "a" }], stop: { reason: "end" }, usage: { input: 1 } });
  });

  test("text behind the finish still counts, and a finish or [DONE] alone is an end", () => {
    expect(addUp(readAll([finish(), chunk({ content: "late" }), END])).blocks).toMatchObject([{ text: "late" }]);
    expect(addUp(readAll([chunk({ content: "a" }), finish()])).stop).toEqual({ reason: "end" });
    expect(addUp(readAll([chunk({ content: "a" }), END])).stop).toEqual({ reason: "end" });
    expect(addUp(readAll([END])).blocks).toEqual([]);
  });

  test("it is said by [DONE] that nothing more comes", () => {
    const reader = readStream(targetOf("openai"));
    expect(reader.isComplete).toBe(false);
    reader.read({ name: undefined, data: ` ${END}` });
    expect(reader.isComplete).toBe(true);
    expect([...reader.read({ name: undefined, data: "{}" }), ...reader.end()]).toEqual([]);
  });

  test.each([
    ["nothing", []],
    ["no finish", [chunk({ content: "a" }), chunk({ content: "b" })]],
    ["usage alone", [chunk({ content: "a" }), { choices: [], usage: { prompt_tokens: 1 } }]],
    ["no JSON", [chunk({ content: "a" }), '{"choices":[{"del', finish(), END]],
    ["an error", [chunk({ content: "a" }), { error: { message: "M" } }, finish(), END]],
    ["an error with choices", [chunk({ content: "a" }), finish("stop", { error: { message: "M" } }), END]],
    ["an error in a list", [[{ error: { message: "M" } }] as never]],
    [
      "an error of the choice",
      [chunk({ content: "a" }), chunk({}, { error: { message: "M" }, finish_reason: "error" }), END],
    ],
    ["a finish that is an error", [chunk({ content: "a" }), finish("error"), END]],
    ["DeepSeek's lack of resources", [chunk({ content: "a" }), finish("insufficient_system_resource"), END]],
  ] as [string, (JsonObject | string)[]][])("%s is a failure, and nothing comes behind it", (_, chunks) => {
    const told = types(readAll(chunks));
    expect(told.filter((type) => type === "fail")).toHaveLength(1);
    expect(told.at(-1)).toBe("fail");
    expect(told).not.toContain("stop");
  });

  test("an event named error", () => {
    const reader = readStream(targetOf("openai"));
    expect(reader.read({ name: "error", data: '{"message":"M","code":"c"}' })).toEqual([
      { type: "fail", error: { message: "M", type: undefined, code: "c" } },
    ]);
  });

  test("what is no chunk is not minded", () => {
    const events = readAll([
      "",
      "null",
      "1",
      { prompt_filter_results: [], choices: [] },
      chunk({ content: "a" }),
      finish(),
    ]);
    expect(types(events)).toEqual(["start", "open", "piece", "close", "stop"]);
  });
});
