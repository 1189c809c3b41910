import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { ModelAnswer } from "../../../src/formats/form/answer.ts";
import type { AnswerEvent } from "../../../src/formats/form/answer-events.ts";
import type { Block, Seal } from "../../../src/formats/form/blocks.ts";
import { writeAnswer } from "../../../src/formats/messages/write-answer.ts";
import { MAX_HELD } from "../../../src/formats/messages/write-stream-blocks.ts";
import { writeStream } from "../../../src/formats/messages/write-stream.ts";
import { accumulate } from "./accumulate.ts";
import { serverEvents } from "./collect.ts";
import { ask } from "./conversations.ts";

const START: AnswerEvent = { type: "start", id: "x", model: "m" };
const STOP: AnswerEvent = { type: "stop", stop: { reason: "end" } };
const text = (block: number, said: string): AnswerEvent[] => [
  { type: "open", block, opened: { type: "text", isRefusal: false } },
  { type: "piece", block, text: said },
];
const openCall = (block: number, name: string): AnswerEvent => ({
  type: "open",
  block,
  opened: { type: "call", id: `t${block}`, name, kind: "function" },
});
const piece = (block: number, said: string): AnswerEvent => ({ type: "piece", block, text: said });
const close = (block: number): AnswerEvent => ({ type: "close", block });

function written(events: readonly AnswerEvent[], asked = ask()): string {
  const writer = writeStream(asked);
  return events.map((event) => writer.write(event)).join("") + writer.end();
}

/** The events of a stream in short: type, index and what was said. */
function summary(stream: string): string[] {
  return serverEvents(stream).map(({ name, data }) => {
    const event = JSON.parse(data);
    expect(event.type).toBe(name);
    const said = event.content_block?.type ?? Object.values(event.delta ?? {})[1];
    return [name, event.index, name === "message_delta" ? event.delta.stop_reason : said]
      .filter((part) => part !== undefined)
      .join(" ");
  });
}

describe("a client's stream", () => {
  test("is what Anthropic sends", () => {
    const usage = { input: 18, output: 20, cacheRead: 3, cacheWrite: 5, cacheWriteHour: undefined, reasoning: 7 };
    const stream = written([START, ...text(0, "Hello"), close(0), STOP, { type: "usage", usage }], {
      ...ask(),
      estimatedInput: 12,
    });
    expect(serverEvents(stream).map(({ data }) => JSON.parse(data))).toEqual([
      {
        type: "message_start",
        message: {
          id: "msg_000000000000000000000001",
          type: "message",
          role: "assistant",
          model: "anthropic/claude-sonnet-4-5",
          content: [],
          stop_reason: null,
          stop_sequence: null,
          stop_details: null,
          container: null,
          diagnostics: null,
          usage: {
            input_tokens: 12,
            output_tokens: 0,
            cache_creation: null,
            cache_creation_input_tokens: null,
            cache_read_input_tokens: null,
            output_tokens_details: null,
            server_tool_use: null,
            service_tier: null,
            inference_geo: null,
            speed: null,
          },
        },
      },
      { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
      { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "Hello" } },
      { type: "content_block_stop", index: 0 },
      {
        type: "message_delta",
        delta: { stop_reason: "end_turn", stop_sequence: null, stop_details: null, container: null },
        usage: {
          input_tokens: 10,
          output_tokens: 20,
          cache_creation_input_tokens: 5,
          cache_read_input_tokens: 3,
          output_tokens_details: { thinking_tokens: 7 },
          server_tool_use: null,
        },
      },
      { type: "message_stop" },
    ]);
  });

  test("has one block open at a time, and everything as soon as it can be said", () => {
    const writer = writeStream(ask());
    const say = (event: AnswerEvent): string[] => summary(writer.write(event));
    expect(say(START)).toEqual(["message_start"]);
    expect(say(openCall(0, "f"))).toEqual([]);
    expect(say(piece(0, "{"))).toEqual(["content_block_start 0 tool_use", "content_block_delta 0 {"]);
    expect(say(openCall(1, "g"))).toEqual([]);
    expect(say(piece(1, "[1"))).toEqual([]);
    expect(say(piece(0, "}"))).toEqual(["content_block_delta 0 }"]);
    expect(say(piece(1, "]"))).toEqual([]);
    expect(say(openCall(2, "h"))).toEqual([]);
    expect(say(close(1))).toEqual([]);
    expect(say(close(0))).toEqual([
      "content_block_stop 0",
      "content_block_start 1 tool_use",
      "content_block_delta 1 [1]",
      "content_block_stop 1",
    ]);
    expect(say(piece(2, "{}"))).toEqual(["content_block_start 2 tool_use", "content_block_delta 2 {}"]);
    // What the provider left open is ended with the answer.
    expect(say(STOP)).toEqual(["content_block_stop 2"]);
    expect(summary(writer.end())).toEqual(["message_delta tool_use", "message_stop"]);
  });

  test("holds blank text back, and leaves it out if nothing follows", () => {
    expect(
      summary(written([START, ...text(0, "\n"), piece(0, " "), close(0), ...text(1, "\n"), piece(1, "A"), STOP])),
    ).toEqual([
      "message_start",
      "content_block_start 0 text",
      "content_block_delta 0 \nA",
      "content_block_stop 0",
      "message_delta end_turn",
      "message_stop",
    ]);
  });

  test("has the seal of a call before it, wherever the call is in the queue", () => {
    const seal: Seal = { origin: "google/chat", kind: "signature", value: "abc" };
    const events: AnswerEvent[] = [
      START,
      openCall(0, "f"),
      { type: "seal", block: 0, seal },
      piece(0, "{}"),
      openCall(1, "g"),
      { type: "seal", block: 1, seal },
      close(0),
      close(1),
      STOP,
    ];
    expect(summary(written(events)).filter((event) => event.startsWith("content_block_start"))).toEqual([
      "content_block_start 0 redacted_thinking",
      "content_block_start 1 tool_use",
      "content_block_start 2 redacted_thinking",
      "content_block_start 3 tool_use",
    ]);
  });

  test.each([
    [{ type: "rate_limit_error", code: undefined }, "rate_limit_error"],
    [{ type: "requests", code: "rate_limit_exceeded" }, "rate_limit_error"],
    [{ type: "invalid_request_error", code: "context_length_exceeded" }, "invalid_request_error"],
    [{ type: "server_error", code: undefined }, "api_error"],
    [{ type: undefined, code: undefined }, "api_error"],
  ])("tells an error %j in its own words and nothing more", (error, type) => {
    const writer = writeStream(ask());
    writer.write(START);
    const told = writer.write({ type: "fail", error: { message: "No", ...error } });
    expect(serverEvents(told)).toEqual([
      { name: "error", data: JSON.stringify({ type: "error", error: { type, message: "No" } }) },
    ]);
    expect(writer.write(STOP) + writer.end()).toBe("");
  });

  test("never ends well without a stop, or with one that is an error", () => {
    expect(summary(written([START, ...text(0, "A")])).at(-1)).toBe("error");
    expect(summary(written([START, { type: "stop", stop: { reason: "error" } }]))).toEqual(["message_start", "error"]);
  });

  test("fails rather than hold back more than its bound", () => {
    const long = "x".repeat(MAX_HELD / 4);
    const events = [
      START,
      openCall(0, "f"),
      openCall(1, "g"),
      ...Array.from({ length: 5 }, () => piece(1, long)),
      STOP,
    ];
    expect(summary(written(events))).toEqual(["message_start", "content_block_start 0 tool_use", "error"]);
  });
});

test("blank text that is left out is held no longer", () => {
  const blank = " ".repeat(MAX_HELD / 4);
  const events = Array.from({ length: 5 }, (_, block) => [...text(block, blank), close(block)]).flat();
  expect(summary(written([START, ...events, STOP]))).toEqual([
    "message_start",
    "message_delta end_turn",
    "message_stop",
  ]);
});

describe("the official client", () => {
  const seal = fc.option(
    fc.record<Seal>({
      origin: fc.constantFrom("openai/responses", "anthropic/messages", "google/chat"),
      kind: fc.constantFrom("signature", "encrypted"),
      value: fc.string({ minLength: 1 }),
    }),
    { nil: undefined },
  );
  const said = fc.oneof(fc.string(), fc.string({ unit: "grapheme" }), fc.constantFrom("\n", " \t", "A\n"));
  const block: fc.Arbitrary<Block> = fc.oneof(
    fc.record({ type: fc.constant("text" as const), text: said }),
    fc.record({ type: fc.constant("thinking" as const), text: said, seal }),
    fc.record({
      type: fc.constant("call" as const),
      id: fc.stringMatching(/^[a-z]{5}$/),
      name: fc.stringMatching(/^[a-z]{5}$/),
      input: fc.dictionary(fc.string(), fc.jsonValue()).map((input) => JSON.stringify(input)),
      kind: fc.constant("function" as const),
      seal,
    }),
    fc.record({
      type: fc.constant("call" as const),
      id: fc.stringMatching(/^[a-z]{5}$/),
      name: fc.constant("patch"),
      input: said,
      kind: fc.constant("custom" as const),
    }),
    fc.constant<Block>({
      type: "opaque",
      format: "messages",
      name: "x",
      value: { type: "x_tool_result", content: [] },
    }),
    fc.constant<Block>({ type: "opaque", format: "responses", name: "x", value: {} }),
  );
  const usage = fc.option(
    fc.record({
      input: fc.nat(1e6),
      output: fc.nat(1e6),
      cacheRead: fc.option(fc.nat(100), { nil: undefined }),
      cacheWrite: fc.option(fc.nat(100), { nil: undefined }),
      cacheWriteHour: fc.constant(undefined),
      reasoning: fc.option(fc.nat(100), { nil: undefined }),
    }),
    { nil: undefined },
  );
  const answer: fc.Arbitrary<ModelAnswer> = fc.record({
    id: fc.constant(undefined),
    model: fc.constant(undefined),
    blocks: fc.array(block, { maxLength: 6 }),
    stop: fc.constantFrom<ModelAnswer["stop"]>(
      { reason: "end" },
      { reason: "tool" },
      { reason: "length" },
      { reason: "stop_sequence", sequence: "END" },
      { reason: "refusal", explanation: "no" },
    ),
    usage,
  });

  /** The events of an answer, in an order drawn from numbers: blocks begin in turn, and are open side by side. */
  function eventsOf({ blocks, stop, usage }: ModelAnswer, draws: readonly number[]): AnswerEvent[] {
    const lanes = blocks.map(laneOf);
    const events: AnswerEvent[] = [START];
    let opened = 0;
    for (let at = 0; lanes.some(({ length }) => length > 0); at++) {
      const draw = draws[at % Math.max(1, draws.length)] ?? 0;
      const ready = lanes.flatMap((lane, number) => (lane.length > 0 && number <= opened ? number : []));
      const number = ready[draw % ready.length] ?? 0;
      if (number === opened) opened += 1;
      events.push(...(lanes[number]?.splice(0, 1) ?? []).flat());
    }
    return [...events, { type: "stop", stop }, ...(usage ? [{ type: "usage", usage } as const] : [])];
  }

  /** What goes together of one block. */
  function laneOf(one: Block, number: number): AnswerEvent[][] {
    if (one.type === "text") return laneOfText(number, { type: "text", isRefusal: false }, one.text);
    if (one.type === "thinking") return laneOfText(number, { type: "thinking" }, one.text, one.seal);
    if (one.type === "call") return laneOfText(number, { ...one, type: "call" }, one.input, one.seal);
    if (one.type === "opaque") return [[{ type: "open", block: number, opened: one }], [close(number)]];
    throw new Error(one.type);
  }

  function laneOfText(
    block: number,
    opened: Extract<AnswerEvent, { type: "open" }>["opened"],
    whole: string,
    sealed?: Seal,
  ): AnswerEvent[][] {
    const middle = whole.length >> 1;
    const pieces = [whole.slice(0, middle), whole.slice(middle)].filter((part) => part !== "");
    const end: AnswerEvent[] = sealed ? [{ type: "seal", block, seal: sealed }] : [];
    const begin: AnswerEvent[] = [{ type: "open", block, opened }];
    return opened.type === "call"
      ? [[...begin, ...end], ...pieces.map((part) => [piece(block, part)]), [close(block)]]
      : [begin, ...pieces.map((part) => [piece(block, part)]), [...end, close(block)]];
  }

  test("adds up from any stream what the whole answer says", async () => {
    await fc.assert(
      fc.asyncProperty(answer, fc.array(fc.nat(5), { minLength: 1 }), async (whole, draws) => {
        const added = await accumulate(written(eventsOf(whole, draws)));
        expect(added).toMatchObject(JSON.parse(JSON.stringify(writeAnswer(whole, ask()))));
      }),
    );
  });
});
