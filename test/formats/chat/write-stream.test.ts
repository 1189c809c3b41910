import { outcomeOf } from "../../fixtures/rejection.ts";
import { describe, expect, test } from "bun:test";
import OpenAI from "openai";
import type { JsonObject } from "../../../src/core/json/parse.ts";
import type { AnswerEvent } from "../../../src/formats/form/answer-events.ts";
import { writeStream } from "../../../src/formats/chat/write-stream.ts";
import { chunksOf, eventsOf } from "./events.ts";
import { answerOf, askOf } from "./samples.ts";

const write = (events: readonly AnswerEvent[], request: JsonObject = {}): string => {
  const writer = writeStream(askOf(request));
  return events.map((event) => writer.write(event)).join("") + writer.end();
};

const deltasOf = (events: readonly AnswerEvent[], request?: JsonObject): unknown[] =>
  chunksOf(write(events, request)).map(({ choices }) => (choices as { delta: unknown }[])[0]?.delta);

const START = { type: "start", id: "x", model: "m" } as const;
const STOP = { type: "stop", stop: { reason: "end" } } as const;
const USAGE = {
  type: "usage",
  usage: {
    input: 3,
    output: 2,
    cacheRead: undefined,
    cacheWrite: undefined,
    cacheWriteHour: undefined,
    reasoning: undefined,
  },
} as const;
const text = (block: number, said: string): AnswerEvent[] => [
  { type: "open", block, opened: { type: "text", isRefusal: false } },
  { type: "piece", block, text: said },
  { type: "close", block },
];

test("the exact bytes of a small stream", () => {
  const head = `data: {"id":"chatcmpl-0123456789abcdefghijklmn","object":"chat.completion.chunk","created":1700000000,"model":"client/model","service_tier":null,"system_fingerprint":null,"choices":[`;
  const choice = (delta: string, finish = "null"): string =>
    `${head}{"index":0,"delta":${delta},"logprobs":null,"finish_reason":${finish}}]}\n\n`;
  expect(write([START, ...text(0, 'a"\n'), USAGE, STOP])).toBe(
    choice('{"role":"assistant","content":"","refusal":null}') +
      choice('{"content":"a\\"\\n"}') +
      choice("{}", '"stop"') +
      "data: [DONE]\n\n",
  );
});

test("usage only if it was asked for: null in each chunk, then a chunk of its own, also if it came last", () => {
  const request = { stream_options: { include_usage: true } };
  const chunks = chunksOf(write([START, STOP, USAGE], request));
  expect(chunks.map(({ usage }) => usage)).toEqual([null, null, expect.objectContaining({ total_tokens: 5 })]);
  expect(chunks.at(-1)?.["choices"]).toEqual([]);
  expect(write([START, STOP, USAGE])).not.toContain("usage");
});

test("calls in turn, with their own numbers, and empty arguments as an object", () => {
  const call = (block: number, id: string): AnswerEvent => ({
    type: "open",
    block,
    opened: { type: "call", id, name: "f", kind: "function" },
  });
  expect(
    deltasOf([
      START,
      ...text(0, "a"),
      call(1, "c1"),
      call(2, "c2"),
      { type: "piece", block: 2, text: "{}" },
      { type: "seal", block: 2, seal: { origin: "o/w", kind: "signature", value: "s" } },
      { type: "close", block: 1 },
      { type: "close", block: 2 },
      STOP,
    ]).slice(2),
  ).toEqual([
    { tool_calls: [{ index: 0, id: "c1", type: "function", function: { name: "f", arguments: "" } }] },
    { tool_calls: [{ index: 1, id: "c2", type: "function", function: { name: "f", arguments: "" } }] },
    { tool_calls: [{ index: 1, function: { arguments: "{}" } }] },
    {
      tool_calls: [
        {
          index: 1,
          function: { arguments: "" },
          extra_content: { google: { thought_signature: "gw1.o/w.signature.cw" } },
        },
      ],
    },
    { tool_calls: [{ index: 0, function: { arguments: "{}" } }] },
    {},
  ]);
});

test("a thought goes out in pieces, and whole with its seal when it is over", () => {
  const seal = { origin: "o/w", kind: "signature", value: "s" } as const;
  expect(
    deltasOf([
      START,
      { type: "open", block: 0, opened: { type: "thinking" } },
      { type: "piece", block: 0, text: "a" },
      { type: "piece", block: 0, text: "b" },
      { type: "seal", block: 0, seal },
      { type: "close", block: 0 },
      STOP,
    ]).slice(1, -1),
  ).toEqual([
    { reasoning_content: "a" },
    { reasoning_content: "b" },
    {
      reasoning_details: [
        { type: "reasoning.text", text: "ab", signature: "gw1.o/w.signature.cw", id: null, format: "o/w", index: 0 },
      ],
    },
  ]);
});

describe("custom tools", () => {
  const request = { tools: [{ type: "custom", custom: { name: "patch" } }] };
  const events = (kind: "function" | "custom", ...pieces: string[]): AnswerEvent[] => [
    START,
    { type: "open", block: 0, opened: { type: "call", id: "c", name: "patch", kind } },
    ...pieces.map((piece) => ({ type: "piece", block: 0, text: piece }) as const),
    { type: "close", block: 0 },
    STOP,
  ];

  test("that were sent as functions are called as what they are", () => {
    expect(deltasOf(events("function", '{"inp', 'ut":"a\\n"}'), request).slice(1, -1)).toEqual([
      { tool_calls: [{ index: 0, id: "c", type: "custom", custom: { name: "patch", input: "" } }] },
      { tool_calls: [{ index: 0, custom: { input: "a\n" } }] },
    ]);
    expect(deltasOf(events("custom", "a", "b"), request).slice(2, -1)).toEqual([
      { tool_calls: [{ index: 0, custom: { input: "a" } }] },
      { tool_calls: [{ index: 0, custom: { input: "b" } }] },
    ]);
  });

  test("whose input is too long to be held fail", () => {
    const piece = "x".repeat(1024 * 1024);
    const written = write(events("function", ...Array.from({ length: 17 }, () => piece)), request);
    expect(written).toEndWith('"code":null}}\n\n');
    expect(chunksOf(written).at(-1)).toMatchObject({ error: { message: "The input of a custom tool is too long" } });
  });
});

describe("ends", () => {
  test("an error is an event of its own, and no [DONE] follows", () => {
    const error = { message: "M", type: undefined, code: "c" };
    const written = write([START, ...text(0, "a"), { type: "fail", error }, STOP]);
    expect(written).toEndWith(`data: {"error":{"message":"M","type":"upstream_error","param":null,"code":"c"}}\n\n`);
    expect(written).not.toContain("[DONE]");
  });

  test("a stop by an error is one, and so is an end without a stop", () => {
    for (const events of [
      [START, { type: "stop", stop: { reason: "error" } } as const],
      [START, ...text(0, "a")],
    ]) {
      const written = write(events);
      expect(chunksOf(written).at(-1)).toHaveProperty("error");
      expect(written).not.toContain("[DONE]");
    }
  });

  test("the official client throws on an error in the middle", async () => {
    const answer = answerOf({ blocks: [{ type: "text", text: "abc" }] });
    const [...events] = eventsOf(answer, 1);
    events[3] = { type: "fail", error: { message: "M", type: undefined, code: undefined } };
    const client = new OpenAI({
      apiKey: "k",
      maxRetries: 0,
      fetch: () => Promise.resolve(new Response(write(events), { headers: { "content-type": "text/event-stream" } })),
    });
    const stream = client.chat.completions.stream({ model: "m", messages: [] });
    expect(await outcomeOf(stream.finalChatCompletion())).toThrow("M");
  });
});

test("why it was declined, and citations all at once with their places in the whole content", () => {
  const annotation = { url: "u", title: "t", start: 0, end: 1 };
  const [open, piece, close] = text(1, "bc") as [AnswerEvent, AnswerEvent, AnswerEvent];
  const stop: AnswerEvent = { type: "stop", stop: { reason: "refusal", explanation: "No" } };
  const events = [
    START,
    ...text(0, "a"),
    open,
    piece,
    { type: "annotation", block: 1, annotation } as const,
    close,
    stop,
  ];
  expect(deltasOf(events).slice(3)).toEqual([
    { annotations: [{ type: "url_citation", url_citation: { start_index: 1, end_index: 2, url: "u", title: "t" } }] },
    { refusal: "No" },
    {},
  ]);
});
