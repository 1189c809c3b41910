import { describe, expect, test } from "bun:test";
import type { JsonObject } from "../../../src/core/json/parse.ts";
import type { AnswerEvent } from "../../../src/formats/form/answer-events.ts";
import { readStream } from "../../../src/formats/messages/read-stream.ts";
import { collect, readAll, type ServerEvent } from "./collect.ts";
import { target } from "./conversations.ts";

const TARGET = target("claude-sonnet-4-5");
const ORIGIN = "anthropic/messages";

const event = (type: string, members: JsonObject = {}): ServerEvent => ({
  name: type,
  data: JSON.stringify({ type, ...members }),
});

const start = event("message_start", {
  message: {
    id: "msg_1",
    model: "m",
    content: [],
    usage: { input_tokens: 10, cache_read_input_tokens: 5, output_tokens: 1 },
  },
});
const begin = (index: number, block: JsonObject) => event("content_block_start", { index, content_block: block });
const delta = (index: number, change: JsonObject) => event("content_block_delta", { index, delta: change });
const stop = (index: number) => event("content_block_stop", { index });
const change = (reason: string) =>
  event("message_delta", {
    delta: { stop_reason: reason, stop_sequence: null },
    usage: { output_tokens: 20, input_tokens: null },
  });
const end = event("message_stop");

const blocksOf = (...events: ServerEvent[]) =>
  collect(readAll(readStream(TARGET), [start, ...events, change("end_turn"), end])).blocks;

const typesOf = (events: readonly AnswerEvent[]) => events.map(({ type }) => type);

describe("a provider's stream", () => {
  test("is read event by event", () => {
    const reader = readStream(TARGET);
    const read = ({ name, data }: ServerEvent) => reader.read({ name, data });
    const usage = { input: 15, cacheRead: 5, cacheWrite: undefined, cacheWriteHour: undefined, reasoning: undefined };
    expect(read(start)).toEqual([
      { type: "start", id: "msg_1", model: "m" },
      { type: "usage", usage: { ...usage, output: 1 } },
    ]);
    expect(read(event("ping"))).toEqual([]);
    expect(read(begin(0, { type: "text", text: "" }))).toEqual([
      { type: "open", block: 0, opened: { type: "text", isRefusal: false } },
    ]);
    expect(read(delta(0, { type: "text_delta", text: "Hi" }))).toEqual([{ type: "piece", block: 0, text: "Hi" }]);
    expect(read(delta(0, { type: "text_delta", text: "" }))).toEqual([]);
    expect(read(delta(0, { type: "new_delta", text: "?" }))).toEqual([]);
    expect(read(stop(0))).toEqual([{ type: "close", block: 0 }]);
    expect(read(change("end_turn"))).toEqual([
      { type: "stop", stop: { reason: "end" } },
      { type: "usage", usage: { ...usage, output: 20 } },
    ]);
    expect(reader.isComplete).toBe(false);
    expect(read(end)).toEqual([]);
    expect(reader.isComplete).toBe(true);
    expect(reader.end()).toEqual([]);
  });

  test("has thoughts with their seals", () => {
    expect(
      blocksOf(
        begin(0, { type: "thinking", thinking: "", signature: "" }),
        delta(0, { type: "thinking_delta", thinking: "Hm" }),
        delta(0, { type: "signature_delta", signature: "sig" }),
        stop(0),
        begin(1, { type: "redacted_thinking", data: "xyz" }),
        stop(1),
      ),
    ).toEqual([
      { type: "thinking", text: "Hm", seal: { origin: ORIGIN, kind: "signature", value: "sig" } },
      { type: "thinking", text: "", seal: { origin: ORIGIN, kind: "encrypted", value: "xyz" } },
    ]);
  });

  test("has the arguments of calls, said in pieces, at once or not at all", () => {
    expect(
      blocksOf(
        begin(0, { type: "tool_use", id: "a", name: "f_x2e_g", input: {} }),
        delta(0, { type: "input_json_delta", partial_json: "" }),
        delta(0, { type: "input_json_delta", partial_json: '{"a":' }),
        delta(0, { type: "input_json_delta", partial_json: "1}" }),
        stop(0),
        begin(1, { type: "tool_use", id: "b", name: "g", input: { b: 2 } }),
        stop(1),
        begin(2, { type: "tool_use", id: "c", name: "h", input: {} }),
        stop(2),
      ),
    ).toMatchObject([
      { id: "a", name: "f.g", input: '{"a":1}' },
      { id: "b", input: '{"b":2}' },
      { id: "c", input: "{}" },
    ]);
  });

  test("tells what only it has as a whole", () => {
    const found = {
      type: "web_search_tool_result",
      tool_use_id: "s",
      content: [{ type: "web_search_result", url: "u" }],
    };
    expect(
      blocksOf(
        begin(0, { type: "server_tool_use", id: "s", name: "web_search", input: {} }),
        delta(0, { type: "input_json_delta", partial_json: '{"query":' }),
        delta(0, { type: "input_json_delta", partial_json: '"x"}' }),
        stop(0),
        begin(1, found),
        stop(1),
        begin(2, { type: "text", text: "", citations: [] }),
        delta(2, { type: "citations_delta", citation: { type: "web_search_result_location", url: "u", title: "t" } }),
        delta(2, { type: "text_delta", text: "So" }),
        stop(2),
      ),
    ).toEqual([
      {
        type: "opaque",
        format: "messages",
        name: "server_tool_use",
        value: { type: "server_tool_use", id: "s", name: "web_search", input: { query: "x" } },
      },
      { type: "opaque", format: "messages", name: "web_search_tool_result", value: found },
      { type: "text", text: "So", annotations: [{ url: "u", title: "t", start: undefined, end: undefined }] },
    ]);
  });

  test("is understood from providers that leave things out", () => {
    const events = [
      delta(0, { type: "text_delta", text: "Hi" }),
      begin(1, { type: "tool_use", id: "a", name: "f", input: {} }),
      { name: undefined, data: "[DONE]" },
      end,
    ];
    expect(collect(readAll(readStream(TARGET), events))).toMatchObject({
      blocks: [
        { type: "text", text: "Hi" },
        { type: "call", id: "a", input: "{}" },
      ],
      stop: { reason: "tool" },
      usage: undefined,
    });
  });

  test("fails by an error, by nonsense and by a block without end, and says nothing afterwards", () => {
    const error = { type: "overloaded_error", message: "busy" };
    const piece = delta(0, { type: "input_json_delta", partial_json: "x".repeat(1024 * 1024) });
    for (const [events, told] of [
      [[event("error", { error })], { type: "overloaded_error", message: "busy" }],
      [[{ name: undefined, data: JSON.stringify({ error }) }], { type: "overloaded_error" }],
      [[{ name: "content_block_delta", data: "{" }], { type: "api_error" }],
      [[begin(0, { type: "server_tool_use" }), ...Array.from({ length: 17 }, () => piece)], { type: "api_error" }],
    ] as const) {
      const reader = readStream(TARGET);
      const read = [start, ...events, change("end_turn"), end].flatMap((one) => reader.read(one));
      expect(read.at(-1)).toMatchObject({ type: "fail", error: told });
      expect(typesOf(read).filter((type) => type === "stop" || type === "fail")).toEqual(["fail"]);
      expect(reader.end()).toEqual([]);
    }
  });

  test("that is cut before its reason to stop fails, and nothing behind that takes anything from it", () => {
    const events = [
      start,
      begin(0, { type: "text", text: "" }),
      delta(0, { type: "text_delta", text: "Hi" }),
      stop(0),
      change("end_turn"),
      end,
    ];
    const stopped = events.length - 1;
    for (let length = 0; length < stopped; length++) {
      expect(readAll(readStream(TARGET), events.slice(0, length)).at(-1)).toHaveProperty("type", "fail");
    }
    const whole = readAll(readStream(TARGET), events);
    for (const data of ["", "null", '"x"', "0", "[]", '{"type":"error","error":{"message":"late"}}']) {
      const read = readAll(readStream(TARGET), [...events.slice(0, stopped), { name: undefined, data }]);
      expect(read.map(({ type }) => type)).toEqual(whole.map(({ type }) => type));
    }
  });

  test("has no blocks behind its reason to stop, which clients were told is the last of it", () => {
    const json = (text: string) => delta(1, { type: "input_json_delta", partial_json: text });
    for (const late of [
      [begin(1, { type: "text", text: "late" }), stop(1)],
      [begin(1, { type: "tool_use", id: "t", name: "f", input: {} }), json("{}"), stop(1)],
      [begin(1, { type: "server_tool_use", id: "s", name: "web_search" }), json("x".repeat(32 * 1024 * 1024)), stop(1)],
      [delta(1, { type: "text_delta", text: "late" })],
    ]) {
      const events = [start, begin(0, { type: "text", text: "x" }), stop(0), change("end_turn")];
      const read = readAll(readStream(TARGET), [...events, ...late, end]);
      expect(read).toEqual(readAll(readStream(TARGET), [...events, end]));
    }
  });
});
