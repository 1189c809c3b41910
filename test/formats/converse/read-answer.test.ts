import { describe, expect, test } from "bun:test";
import type { JsonObject } from "../../../src/core/json/parse.ts";
import { readAnswer } from "../../../src/formats/converse/read-answer.ts";
import { readStream } from "../../../src/formats/converse/read-stream.ts";
import { fitToolName } from "../../../src/formats/form/tool-names.ts";
import { collect, readAll, type ServerEvent } from "../messages/collect.ts";
import { target } from "../messages/conversations.ts";

const LONG = `mcp__${"tool_".repeat(20)}`;
const TARGET = {
  ...target("anthropic.claude-sonnet-4-5-20250929-v1:0", "bedrock"),
  tools: [
    {
      kind: "function",
      name: LONG,
      description: undefined,
      parameters: undefined,
      strict: undefined,
      cache: undefined,
    },
  ] as const,
};
const ORIGIN = "bedrock/converse";

const event = (name: string, members: JsonObject = {}): ServerEvent => ({ name, data: JSON.stringify(members) });
const delta = (contentBlockIndex: number, change: JsonObject) =>
  event("contentBlockDelta", { contentBlockIndex, delta: change, p: "abc" });
const start = (contentBlockIndex: number, begun: JsonObject) =>
  event("contentBlockStart", { contentBlockIndex, start: begun });
const stop = (contentBlockIndex: number) => event("contentBlockStop", { contentBlockIndex });
const BEGIN = event("messageStart", { role: "assistant" });

const USAGE = {
  inputTokens: 10,
  outputTokens: 7,
  totalTokens: 37,
  cacheReadInputTokens: 5,
  cacheWriteInputTokens: 15,
  cacheDetails: [
    { ttl: "1h", inputTokens: 12 },
    { ttl: "5m", inputTokens: 3 },
  ],
};
const READ_USAGE = { input: 30, output: 7, cacheRead: 5, cacheWrite: 15, cacheWriteHour: 12, reasoning: undefined };

const END = [event("messageStop", { stopReason: "end_turn" }), event("metadata", { usage: USAGE, metrics: {} })];

const whole = (content: readonly object[], stopReason = "end_turn"): JsonObject => ({
  output: { message: { role: "assistant", content } },
  stopReason,
  usage: USAGE,
  metrics: { latencyMs: 3 },
});

/** An answer in both of its shapes, and what is understood of it. */
const BLOCKS: readonly (readonly [name: string, content: object, events: readonly ServerEvent[], read: object[]])[] = [
  [
    "text, which does not say that it begins",
    { text: "Hi é" },
    [delta(0, { text: "Hi" }), delta(0, { text: "" }), delta(0, { text: " é" }), stop(0)],
    [{ type: "text", text: "Hi é" }],
  ],
  [
    "a signed thought, whose signature may come in pieces",
    { reasoningContent: { reasoningText: { text: "Hm.", signature: "SIGN" } } },
    [
      delta(0, { reasoningContent: { text: "Hm" } }),
      delta(0, { reasoningContent: { text: "." } }),
      delta(0, { reasoningContent: { signature: "SI" } }),
      delta(0, { reasoningContent: { signature: "GN" } }),
      stop(0),
    ],
    [{ type: "thinking", text: "Hm.", seal: { origin: ORIGIN, kind: "signature", value: "SIGN" } }],
  ],
  [
    "a hidden thought",
    { reasoningContent: { redactedContent: "UkVE" } },
    [delta(0, { reasoningContent: { redactedContent: "UkVE" } }), stop(0)],
    [{ type: "thinking", text: "", seal: { origin: ORIGIN, kind: "encrypted", value: "UkVE" } }],
  ],
  [
    "a thought without a signature",
    { reasoningContent: { reasoningText: { text: "Hm" } } },
    [delta(0, { reasoningContent: { text: "Hm" } }), stop(0)],
    [{ type: "thinking", text: "Hm", seal: undefined }],
  ],
  [
    "a call of a tool under its own name",
    { toolUse: { toolUseId: "t1", name: fitToolName(LONG), input: { a: 1 } } },
    [
      start(0, { toolUse: { toolUseId: "t1", name: fitToolName(LONG) } }),
      delta(0, { toolUse: { input: "" } }),
      delta(0, { toolUse: { input: '{"a":' } }),
      delta(0, { toolUse: { input: "1}" } }),
      stop(0),
    ],
    [{ type: "call", id: "t1", name: LONG, kind: "function", input: '{"a":1}' }],
  ],
  [
    "a call without arguments",
    { toolUse: { toolUseId: "t1", name: "f" } },
    [start(0, { toolUse: { toolUseId: "t1", name: "f" } }), stop(0)],
    [{ type: "call", id: "t1", name: "f", kind: "function", input: "{}" }],
  ],
  [
    "a text with where it is from",
    {
      citationsContent: {
        content: [{ text: "So" }, { text: "." }],
        citations: [{ title: "T", location: { web: { url: "https://a" } } }],
      },
    },
    [
      delta(0, { text: "So" }),
      delta(0, { citation: { title: "T", location: { web: { url: "https://a" } } } }),
      delta(0, { text: "." }),
      stop(0),
    ],
    [
      {
        type: "text",
        text: "So.",
        annotations: [{ url: "https://a", title: "T", start: undefined, end: undefined }],
      },
    ],
  ],
];

describe.each(BLOCKS)("%s", (_, content, events, read) => {
  test("is understood in a whole answer", () => {
    expect(readAnswer(whole([content]), TARGET)).toMatchObject({ id: undefined, model: undefined, blocks: read });
  });

  test("is understood in a stream", () => {
    const answer = collect(readAll(readStream(TARGET), [BEGIN, ...events, ...END]));
    expect(answer.blocks as object[]).toEqual(read);
    expect(answer).toEqual(readAnswer(whole([content]), TARGET) as typeof answer);
  });

  test("is understood in a stream that does not say what begins and ends", () => {
    const said = events.filter(({ name }) => name !== "contentBlockStop");
    expect(collect(readAll(readStream(TARGET), [...said, ...END])).blocks as object[]).toEqual(read);
  });
});

test("several blocks at once, in the order in which they began", () => {
  const call = (id: string) => ({ toolUse: { toolUseId: id, name: "f" } });
  const events = [
    ...[BEGIN, delta(0, { reasoningContent: { text: "Hm" } }), stop(0), delta(1, { text: "Ok" }), stop(1)],
    ...[start(2, call("a")), start(3, call("b"))],
    ...[delta(3, { toolUse: { input: '{"b":1}' } }), delta(2, { toolUse: { input: '{"a":1}' } }), stop(3), stop(2)],
    ...END,
  ];
  expect(collect(readAll(readStream(TARGET), events))).toMatchObject({
    blocks: [
      { type: "thinking", text: "Hm" },
      { type: "text", text: "Ok" },
      { id: "a", input: '{"a":1}' },
      { id: "b", input: '{"b":1}' },
    ],
    stop: { reason: "tool" },
    usage: READ_USAGE,
  });
});

test("what the provider did by itself is no call for the client", () => {
  const server = { toolUse: { toolUseId: "s", name: "nova_grounding", type: "server_tool_use", input: {} } };
  const answer = readAnswer(whole([server, { text: "So" }]), TARGET);
  expect(answer).toMatchObject({
    blocks: [{ type: "opaque", format: "converse" }, { text: "So" }],
    stop: { reason: "end" },
  });
  const events = [BEGIN, start(0, server), delta(0, { toolUse: { input: "{}" } }), stop(0), delta(1, { text: "So" })];
  expect(collect(readAll(readStream(TARGET), [...events, ...END]))).toMatchObject({
    blocks: [{ type: "opaque" }, { text: "So" }],
    stop: { reason: "end" },
  });
});

test.each([
  ["end_turn", "end"],
  ["max_tokens", "length"],
  ["stop_sequence", "stop_sequence"],
  ["content_filtered", "filter"],
  ["guardrail_intervened", "filter"],
  ["model_context_window_exceeded", "context"],
  ["tool_use", "end"],
  ["new_reason", "end"],
])("it stopped by %s", (said, reason) => {
  expect(readAnswer(whole([{ text: "x" }], said), TARGET)).toMatchObject({ stop: { reason }, usage: READ_USAGE });
  const events = [BEGIN, delta(0, { text: "x" }), event("messageStop", { stopReason: said }), END[1] ?? BEGIN];
  expect(collect(readAll(readStream(TARGET), events))).toMatchObject({ stop: { reason }, usage: READ_USAGE });
});

test.each(["malformed_tool_use", "malformed_model_output"])("%s is a failure", (said) => {
  const error = { message: `The model's answer is malformed: ${said}`, type: "api_error" };
  expect(readAnswer(whole([], said), TARGET)).toMatchObject({ error });
  const read = readAll(readStream(TARGET), [BEGIN, event("messageStop", { stopReason: said })]);
  expect(read.at(-1)).toMatchObject({ type: "fail", error });
});

test("a body without an answer is an error", () => {
  expect(readAnswer({ message: "no" }, TARGET)).toMatchObject({ error: { message: "no", type: "api_error" } });
  expect(readAnswer({ __type: "ThrottlingException", message: "slow" }, TARGET)).toMatchObject({
    error: { message: "slow", type: "rate_limit_error", code: "ThrottlingException" },
  });
  expect(readAnswer({}, TARGET)).toHaveProperty("error");
});

describe("a stream", () => {
  test("is over with its usage, wherever that comes", () => {
    const [stopped = BEGIN, usage = BEGIN] = END;
    for (const events of [
      [BEGIN, stopped, usage],
      [BEGIN, usage, stopped],
    ]) {
      const reader = readStream(TARGET);
      for (const one of events) {
        expect(reader.isComplete).toBe(false);
        reader.read(one);
      }
      expect([reader.isComplete, reader.end()]).toEqual([true, []]);
    }
  });

  test("without usage is whole if it has stopped", () => {
    expect(
      collect(readAll(readStream(TARGET), [BEGIN, delta(0, { text: "x" }), END[0] ?? BEGIN])).usage,
    ).toBeUndefined();
  });

  test.each([
    ["throttlingException", "rate_limit_error"],
    ["validationException", "invalid_request_error"],
    ["serviceUnavailableException", "overloaded_error"],
    ["internalServerException", "api_error"],
    ["modelStreamErrorException", "api_error"],
    ["modelTimeoutException", "timeout_error"],
    ["newException", "api_error"],
  ])("fails by %s as %s, also as its first event, and says nothing afterwards", (type, expected) => {
    const failure = event("exception", { type, message: "oh" });
    for (const before of [[], [BEGIN, delta(0, { text: "x" })]]) {
      const reader = readStream(TARGET);
      const read = [...before, failure, ...END].flatMap((one) => reader.read(one));
      expect(read.at(-1)).toEqual({ type: "fail", error: { message: "oh", type: expected, code: type } });
      expect(read.filter(({ type }) => type === "fail" || type === "stop")).toHaveLength(1);
      if (before.length === 0) expect(read).toHaveLength(1);
      expect(reader.end()).toEqual([]);
    }
  });

  test("with an event that is no object fails", () => {
    expect(readStream(TARGET).read({ name: "metadata", data: "[" })).toMatchObject([{ type: "fail" }]);
  });

  test("may have events of new kinds, with data or without", () => {
    const news = [event("initial-response"), { name: "news", data: "" }];
    expect(collect(readAll(readStream(TARGET), [...news, BEGIN, ...news, ...END])).stop).toEqual({ reason: "end" });
  });

  test("with an endless signature fails, and what is held of one is told", () => {
    const reader = readStream(TARGET);
    const signature = "x".repeat(1024 * 1024);
    const piece = delta(0, { reasoningContent: { signature } });
    reader.read(piece);
    expect(reader.held).toBe(signature.length);
    reader.read(stop(0));
    expect(reader.held).toBe(0);
    const read = Array.from({ length: 17 }, () => reader.read(piece)).flat();
    expect(read.filter(({ type }) => type === "fail")).toHaveLength(1);
    expect(reader.end()).toEqual([]);
  });

  test("that is cut before it has stopped fails", () => {
    const events = [BEGIN, delta(0, { text: "x" }), stop(0), ...END];
    for (let length = 0; length <= 3; length++) {
      expect(readAll(readStream(TARGET), events.slice(0, length)).at(-1)).toHaveProperty("type", "fail");
    }
  });
});
