import { describe, expect, test } from "bun:test";
import type { JsonObject } from "../../../src/core/json/parse.ts";
import { readAnswer } from "../../../src/formats/cohere/read-answer.ts";
import { readStream } from "../../../src/formats/cohere/read-stream.ts";
import { collect, readAll, type ServerEvent } from "../messages/collect.ts";
import { target } from "../messages/conversations.ts";

const TARGET = target("command-a-reasoning-08-2025", "cohere");
const SEAL = { origin: "cohere/cohere", kind: "signature", value: "thinking" } as const;

const USAGE = {
  billed_units: { input_tokens: 1, output_tokens: 2 },
  tokens: { input_tokens: 30, output_tokens: 7 },
  cached_tokens: 16,
};
const READ_USAGE = {
  input: 30,
  output: 7,
  cacheRead: 16,
  billed: { input: 1, output: 2 },
  cacheWrite: undefined,
  cacheWriteHour: undefined,
  reasoning: undefined,
};

const whole = (message: JsonObject, reason = "COMPLETE"): JsonObject => ({
  id: "up",
  finish_reason: reason,
  message: { role: "assistant", ...message },
  usage: USAGE,
});

/** With an `event:` line, as Cohere sends it; others leave it out. */
const event = (type: string, members: JsonObject = {}): ServerEvent => ({
  name: type,
  data: JSON.stringify({ type, ...members }),
});
const said = (message: JsonObject): JsonObject => ({ delta: { message } });
const START = event("message-start", { id: "up", ...said({ role: "assistant", content: [], tool_plan: "" }) });
const begin = (index: number, content: JsonObject) => event("content-start", { index, ...said({ content }) });
const delta = (index: number, content: JsonObject) => event("content-delta", { index, ...said({ content }) });
const close = (index: number) => event("content-end", { index });
const plan = (tool_plan: string) => event("tool-plan-delta", said({ tool_plan }));
const callStart = (index: number, id: string, name = "f", args: unknown = "") =>
  event("tool-call-start", {
    index,
    ...said({ tool_calls: { id, type: "function", function: { name, arguments: args } } }),
  });
const callDelta = (index: number, args: string) =>
  event("tool-call-delta", { index, ...said({ tool_calls: { function: { arguments: args } } }) });
const callEnd = (index: number) => event("tool-call-end", { index });
const cite = (citation: JsonObject) => event("citation-start", { index: 0, ...said({ citations: citation }) });
const end = (reason = "COMPLETE", more: JsonObject = {}) =>
  event("message-end", { delta: { finish_reason: reason, usage: USAGE, ...more } });

const SOURCE = { type: "document", id: "d", document: { url: "https://a", title: "T" } };
const call = (id: string, args: unknown, name = "f") => ({ id, type: "function", function: { name, arguments: args } });

/** An answer in both of its shapes, and what is understood of it. */
const ANSWERS: readonly (readonly [string, JsonObject, string, readonly ServerEvent[], readonly object[]])[] = [
  [
    "text",
    { content: [{ type: "text", text: "Hi é" }] },
    "COMPLETE",
    [begin(0, { type: "text", text: "" }), delta(0, { text: "Hi" }), delta(0, { text: " é" }), close(0)],
    [{ type: "text", text: "Hi é" }],
  ],
  [
    "a thought before a text",
    {
      content: [
        { type: "thinking", thinking: "Hm." },
        { type: "text", text: "Hi" },
      ],
    },
    "COMPLETE",
    [
      ...[begin(0, { type: "thinking", thinking: "" }), delta(0, { thinking: "Hm" }), delta(0, { thinking: "." })],
      ...[close(0), begin(1, { type: "text", text: "" }), delta(1, { text: "Hi" }), close(1)],
    ],
    [
      { type: "thinking", text: "Hm.", seal: SEAL },
      { type: "text", text: "Hi" },
    ],
  ],
  [
    "a plan before calls, some of them without arguments",
    { tool_plan: "I will look.", tool_calls: [call("a", '{"x":1}'), call("b", null), call("c", "{}")] },
    "TOOL_CALL",
    [
      ...[plan("I will"), plan(" look."), callStart(0, "a"), callDelta(0, '{"x":'), callDelta(0, "1}"), callEnd(0)],
      ...[callStart(1, "b", "f", null), callEnd(1), callStart(2, "c", "f", "{}"), callEnd(2)],
    ],
    [
      { type: "text", text: "I will look." },
      { type: "call", id: "a", name: "f", kind: "function", input: '{"x":1}' },
      { type: "call", id: "b", name: "f", kind: "function", input: "{}" },
      { type: "call", id: "c", name: "f", kind: "function", input: "{}" },
    ],
  ],
  [
    "a text with citations, whose places are counted in characters",
    {
      content: [{ type: "text", text: "😀 sunny 😀 warm" }],
      citations: [
        { start: 2, end: 7, text: "sunny", sources: [SOURCE], content_index: 0, type: "TEXT_CONTENT" },
        { start: 10, end: 14, text: "warm", sources: [SOURCE, { type: "tool", id: "t:0", tool_output: {} }] },
      ],
    },
    "COMPLETE",
    [
      ...[begin(0, { type: "text", text: "" }), delta(0, { text: "😀 sunny" })],
      cite({ start: 2, end: 7, text: "sunny", sources: [SOURCE], content_index: 0, type: "TEXT_CONTENT" }),
      event("citation-end", { index: 0 }),
      delta(0, { text: " 😀 warm" }),
      cite({ start: 10, end: 14, text: "warm", sources: [SOURCE, { type: "tool", id: "t:0", tool_output: {} }] }),
      close(0),
    ],
    [
      {
        type: "text",
        text: "😀 sunny 😀 warm",
        annotations: [
          { url: "https://a", title: "T", start: 3, end: 8 },
          { url: "https://a", title: "T", start: 12, end: 16 },
          { url: undefined, title: "t:0", start: 12, end: 16 },
        ],
      },
    ],
  ],
  [
    "a plan with a citation",
    {
      tool_plan: "So I go.",
      tool_calls: [call("a", "{}")],
      citations: [{ start: 0, end: 2, sources: [SOURCE], type: "PLAN" }],
    },
    "TOOL_CALL",
    [plan("So I go."), cite({ start: 0, end: 2, sources: [SOURCE], type: "PLAN" }), callStart(0, "a"), callEnd(0)],
    [
      { type: "text", text: "So I go.", annotations: [{ url: "https://a", title: "T", start: 0, end: 2 }] },
      { type: "call", id: "a", name: "f", kind: "function", input: "{}" },
    ],
  ],
  ["nothing", {}, "COMPLETE", [], []],
];

describe.each(ANSWERS)("%s", (_, message, reason, events, read) => {
  const expected = {
    id: "up",
    model: undefined,
    blocks: read,
    stop: { reason: reason === "TOOL_CALL" ? "tool" : "end" },
    usage: READ_USAGE,
  };
  test("is understood in a whole answer", () => {
    expect(readAnswer(whole(message, reason), TARGET) as object).toEqual(expected);
  });
  test("is understood in a stream, with and without the names of events", () => {
    const all = [START, ...events, end(reason)];
    expect(collect(readAll(readStream(TARGET), all)) as object).toEqual(expected);
    const unnamed = all.map(({ data }) => ({ name: undefined, data }));
    expect(collect(readAll(readStream(TARGET), unnamed)) as object).toEqual(expected);
  });
  test("is understood in a stream that does not say what begins and ends", () => {
    const started = events.filter(({ name }) => name !== "content-start" && !name?.endsWith("-end"));
    expect(collect(readAll(readStream(TARGET), [START, ...started, end(reason)])) as object).toEqual(expected);
  });
});

test("content may be a text alone, and calls may lack their ids", () => {
  expect(readAnswer(whole({ content: "Hi" }), TARGET)).toMatchObject({ blocks: [{ type: "text", text: "Hi" }] });
  const answer = readAnswer(whole({ tool_calls: [{ function: { name: "f" } }, { function: { name: "f" } }] }), TARGET);
  const stream = collect(
    readAll(readStream(TARGET), [START, callStart(0, ""), callEnd(0), callStart(1, ""), end("TOOL_CALL")]),
  );
  expect(stream.blocks).toEqual("blocks" in answer ? answer.blocks : []);
  expect(new Set(stream.blocks.map((block) => block.type === "call" && block.id)).size).toBe(2);
});

test.each([
  ["COMPLETE", "end"],
  ["STOP_SEQUENCE", "stop_sequence"],
  ["MAX_TOKENS", "length"],
  ["TOOL_CALL", "end"],
  ["NEW", "end"],
])("it stopped by %s", (said, reason) => {
  expect(readAnswer(whole({ content: "x" }, said), TARGET)).toMatchObject({ stop: { reason } });
  expect(collect(readAll(readStream(TARGET), [START, delta(0, { text: "x" }), end(said)]))).toMatchObject({
    stop: { reason },
    usage: READ_USAGE,
  });
});

test.each([
  ["ERROR", "api_error"],
  ["TIMEOUT", "timeout_error"],
])("%s is a failure", (reason, type) => {
  expect(readAnswer(whole({ content: "x" }, reason), TARGET)).toMatchObject({ error: { type } });
  const reader = readStream(TARGET);
  const read = [START, delta(0, { text: "x" }), end(reason, { error: "oh" }), end()].flatMap((one) => reader.read(one));
  expect(read.at(-1)).toMatchObject({ type: "fail", error: { type, message: "oh" } });
  expect([reader.isComplete, reader.end()]).toEqual([false, []]);
});

test("a body without an answer is an error, and so is an event without a type", () => {
  expect(readAnswer({ id: "x", message: "no" }, TARGET)).toMatchObject({ error: { message: "no" } });
  expect(readAnswer({}, TARGET)).toHaveProperty("error");
  for (const data of ['{"message":"no"}', '{"type":"error","error":{"message":"no"}}', '{"error":"no"}']) {
    expect(readStream(TARGET).read({ name: undefined, data })).toMatchObject([
      { type: "fail", error: { message: "no" } },
    ]);
  }
  expect(readStream(TARGET).read({ name: "content-delta", data: "[" })).toMatchObject([{ type: "fail" }]);
});

describe("a stream", () => {
  test("with several calls at once, counted apart from the content", () => {
    const events = [
      ...[START, begin(0, { type: "thinking", thinking: "" }), delta(0, { thinking: "Hm" }), close(0)],
      ...[
        callStart(0, "a"),
        callStart(1, "b"),
        callDelta(1, '{"b":1}'),
        callDelta(0, '{"a":1}'),
        callEnd(1),
        callEnd(0),
      ],
      end("TOOL_CALL"),
    ];
    expect(collect(readAll(readStream(TARGET), events)).blocks).toMatchObject([
      { type: "thinking", text: "Hm" },
      { id: "a", input: '{"a":1}' },
      { id: "b", input: '{"b":1}' },
    ]);
  });

  test("is over with its last event, and says nothing afterwards", () => {
    const reader = readStream(TARGET);
    for (const one of [START, delta(0, { text: "x" }), end()]) reader.read(one);
    expect([reader.isComplete, reader.read(delta(0, { text: "y" })), reader.end()]).toEqual([true, [], []]);
  });

  test("that is cut before fails", () => {
    const events = [START, plan("I"), callStart(0, "a"), callDelta(0, "{"), callEnd(0)];
    for (let length = 0; length <= events.length; length++) {
      expect(readAll(readStream(TARGET), events.slice(0, length)).at(-1)).toHaveProperty("type", "fail");
    }
  });
});
