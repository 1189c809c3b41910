import { describe, expect, test } from "bun:test";
import type { ModelAnswer, Stop } from "../../../src/formats/form/answer.ts";
import type { Block } from "../../../src/formats/form/blocks.ts";
import { readAnswer } from "../../../src/formats/messages/read-answer.ts";
import { writeAnswer } from "../../../src/formats/messages/write-answer.ts";
import { ask, target } from "./conversations.ts";

const TARGET = target("claude-sonnet-4-5");
const ORIGIN = "anthropic/messages";

const answer = (members: Partial<ModelAnswer> = {}): ModelAnswer => ({
  id: "x",
  model: "m",
  blocks: [{ type: "text", text: "Hello" }],
  stop: { reason: "end" },
  usage: undefined,
  ...members,
});

const call: Block = { type: "call", id: "t1", name: "f", input: '{"a":1}', kind: "function" };

describe("a provider's message", () => {
  test("is read block by block", () => {
    const body = {
      id: "msg_1",
      type: "message",
      model: "claude-sonnet-4-5-20250929",
      content: [
        { type: "thinking", thinking: "Hm", signature: "sig" },
        { type: "redacted_thinking", data: "xyz" },
        { type: "text", text: "" },
        {
          type: "text",
          text: "Look",
          citations: [{ type: "web_search_result_location", url: "https://e.com", title: "E", cited_text: "x" }],
        },
        { type: "server_tool_use", id: "s", name: "web_search", input: {} },
        { type: "tool_use", id: "t1", name: "a_x2e_b", input: { a: 1 } },
      ],
      stop_reason: "end_turn",
      usage: {
        input_tokens: 10,
        output_tokens: 20,
        cache_read_input_tokens: 3,
        cache_creation_input_tokens: 5,
        cache_creation: { ephemeral_5m_input_tokens: 1, ephemeral_1h_input_tokens: 4 },
        output_tokens_details: { thinking_tokens: 7 },
      },
    };
    expect(readAnswer(body, TARGET)).toEqual({
      id: "msg_1",
      model: "claude-sonnet-4-5-20250929",
      blocks: [
        { type: "thinking", text: "Hm", seal: { origin: ORIGIN, kind: "signature", value: "sig" } },
        { type: "thinking", text: "", seal: { origin: ORIGIN, kind: "encrypted", value: "xyz" } },
        {
          type: "text",
          text: "Look",
          annotations: [{ url: "https://e.com", title: "E", start: undefined, end: undefined }],
        },
        { type: "opaque", format: "messages", name: "server_tool_use", value: body.content[4] },
        { type: "call", id: "t1", name: "a.b", input: '{"a":1}', kind: "function" },
      ],
      stop: { reason: "tool" },
      usage: { input: 18, output: 20, cacheRead: 3, cacheWrite: 5, cacheWriteHour: 4, reasoning: 7 },
    });
  });

  test.each<[string, Stop]>([
    ["end_turn", { reason: "end" }],
    ["max_tokens", { reason: "length" }],
    ["stop_sequence", { reason: "stop_sequence", sequence: "END" }],
    ["tool_use", { reason: "end" }],
    ["pause_turn", { reason: "pause" }],
    ["refusal", { reason: "refusal", explanation: "no" }],
    ["model_context_window_exceeded", { reason: "context" }],
    ["something new", { reason: "end" }],
  ])("that stopped by %s", (reason, stop) => {
    const read = readAnswer(
      {
        content: [],
        stop_reason: reason,
        stop_sequence: reason === "stop_sequence" ? "END" : null,
        stop_details: reason === "refusal" ? { type: "refusal", category: null, explanation: "no" } : null,
      },
      TARGET,
    );
    expect(read).toEqual({ id: undefined, model: undefined, blocks: [], stop, usage: undefined });
  });

  test("may be an error with a good status, or nothing known", () => {
    expect(readAnswer({ type: "error", error: { type: "overloaded_error", message: "busy" } }, TARGET)).toEqual({
      error: { type: "overloaded_error", message: "busy", code: undefined },
    });
    expect(readAnswer({ choices: [] }, TARGET)).toHaveProperty("error.isNoAnswer", true);
  });
});

describe("a client's message", () => {
  test("has all members", () => {
    expect(writeAnswer(answer(), ask())).toEqual({
      id: "msg_000000000000000000000001",
      type: "message",
      role: "assistant",
      model: "anthropic/claude-sonnet-4-5",
      content: [{ type: "text", text: "Hello" }],
      stop_reason: "end_turn",
      stop_sequence: null,
      stop_details: null,
      container: null,
      diagnostics: null,
      usage: {
        input_tokens: 0,
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
    });
  });

  test("counts what was cached apart", () => {
    const usage = { input: 18, output: 20, cacheRead: 3, cacheWrite: 5, cacheWriteHour: 4, reasoning: 7 };
    expect(writeAnswer(answer({ usage }), ask())["usage"]).toMatchObject({
      input_tokens: 10,
      output_tokens: 20,
      cache_read_input_tokens: 3,
      cache_creation_input_tokens: 5,
      cache_creation: { ephemeral_5m_input_tokens: 1, ephemeral_1h_input_tokens: 4 },
      output_tokens_details: { thinking_tokens: 7 },
    });
  });

  test("carries seals of other wires in envelopes, and its own as they are", () => {
    const seal = (origin: string, kind: "signature" | "encrypted") => ({ origin, kind, value: "abc" });
    const blocks: Block[] = [
      { type: "thinking", text: "Hm", seal: seal(ORIGIN, "signature") },
      { type: "thinking", text: "", seal: seal(ORIGIN, "encrypted") },
      { type: "thinking", text: "Hm", seal: seal("openai/responses", "encrypted") },
      { type: "thinking", text: "", seal: seal("openai/responses", "encrypted") },
      { type: "thinking", text: "Bare", seal: undefined },
      { type: "thinking", text: "", seal: undefined },
      { ...call, seal: seal("google/chat", "signature") },
    ];
    expect(writeAnswer(answer({ blocks }), ask())["content"]).toEqual([
      { type: "thinking", thinking: "Hm", signature: "abc" },
      { type: "redacted_thinking", data: "abc" },
      { type: "thinking", thinking: "Hm", signature: "gw1.openai/responses.encrypted.YWJj" },
      { type: "redacted_thinking", data: "gw1.openai/responses.encrypted.YWJj" },
      { type: "thinking", thinking: "Bare", signature: "" },
      { type: "redacted_thinking", data: "gw1.google/chat.signature.YWJj" },
      { type: "tool_use", id: "t1", name: "f", input: { a: 1 }, caller: { type: "direct" } },
    ]);
  });

  test("has no blank text, and nothing that only another wire has", () => {
    const blocks: Block[] = [
      { type: "text", text: "\n\n" },
      { type: "opaque", format: "responses", name: "web_search_call", value: {} },
      { type: "text", text: "I will not", isRefusal: true },
      { type: "call", id: "t2", name: "g", input: "", kind: "function" },
      { type: "call", id: "t3", name: "g", input: "{broken", kind: "function" },
    ];
    expect(writeAnswer(answer({ blocks }), ask())["content"]).toEqual([
      { type: "text", text: "I will not" },
      { type: "tool_use", id: "t2", name: "g", input: {}, caller: { type: "direct" } },
      { type: "tool_use", id: "t3", name: "g", input: { _raw: "{broken" }, caller: { type: "direct" } },
    ]);
  });

  test.each<[Stop, string, string | null]>([
    [{ reason: "end" }, "end_turn", null],
    [{ reason: "stop_sequence", sequence: "END" }, "stop_sequence", "END"],
    [{ reason: "stop_sequence" }, "stop_sequence", null],
    [{ reason: "length" }, "max_tokens", null],
    [{ reason: "context" }, "model_context_window_exceeded", null],
    [{ reason: "tool" }, "end_turn", null],
    [{ reason: "filter" }, "refusal", null],
    [{ reason: "refusal", explanation: "no" }, "refusal", null],
    [{ reason: "pause" }, "pause_turn", null],
  ])("says why it stopped: %j", (stop, reason, sequence) => {
    const written = writeAnswer(answer({ stop }), ask());
    expect(written).toMatchObject({ stop_reason: reason, stop_sequence: sequence });
    const details = { type: "refusal", category: null, explanation: stop.explanation ?? null };
    expect(written["stop_details"]).toEqual(reason === "refusal" ? details : null);
    const withCall = writeAnswer(answer({ stop, blocks: [call] }), ask());
    expect(withCall["stop_reason"]).toBe(reason === "end_turn" ? "tool_use" : reason);
  });
});
