import { describe, expect, test } from "bun:test";
import { CHAT } from "../../src/formats/chat/format.ts";
import { COMPLETIONS } from "../../src/formats/completions/format.ts";
import type { Format } from "../../src/formats/format.ts";
import { GENERATE } from "../../src/formats/gemini/format.ts";
import { MESSAGES } from "../../src/formats/messages/format.ts";
import { RESPONSES } from "../../src/formats/responses/format.ts";
import { DONE } from "../../src/formats/stream-watch.ts";

const delta = (value: object, finish: string | null = null) => ({
  object: "chat.completion.chunk",
  choices: [{ index: 0, delta: value, finish_reason: finish }],
});
const text = (value: string, finish: string | null = null) => ({ choices: [{ text: value, finish_reason: finish }] });
const start = (block: object) => ({ type: "content_block_start", index: 0, content_block: block });
const blockDelta = (value: object) => ({ type: "content_block_delta", index: 0, delta: value });
const ending = (reason: string) => ({ type: "message_delta", delta: { stop_reason: reason } });
const candidate = (...parts: object[]) => ({ candidates: [{ content: { role: "model", parts } }] });
const item = (type: string) => ({ type: "response.output_item.added", item: { type } });

const NOTHING: readonly (readonly [Format, unknown])[] = [
  [CHAT, delta({ role: "assistant", content: "" })],
  [CHAT, delta({ role: "assistant", content: null, tool_calls: [], refusal: null })],
  [CHAT, delta({}, "stop")],
  [CHAT, { choices: [], usage: { total_tokens: 3 } }],
  [CHAT, { choices: [], prompt_filter_results: [{ prompt_index: 0 }], object: "" }],
  [CHAT, DONE],
  [CHAT, undefined],
  [COMPLETIONS, text("")],
  [COMPLETIONS, text("", "stop")],
  [MESSAGES, { type: "message_start", message: { content: [] } }],
  [MESSAGES, { type: "ping" }],
  [MESSAGES, start({ type: "text", text: "" })],
  [MESSAGES, start({ type: "thinking", thinking: "", signature: "" })],
  [MESSAGES, blockDelta({ type: "text_delta", text: "" })],
  [MESSAGES, ending("end_turn")],
  [MESSAGES, { type: "message_stop" }],
  [RESPONSES, { type: "response.created", response: { output: [], instructions: "be kind" } }],
  [RESPONSES, { type: "response.in_progress", response: { output: [] } }],
  [RESPONSES, item("message")],
  [RESPONSES, item("reasoning")],
  [RESPONSES, { type: "response.content_part.added", part: { type: "output_text", text: "" } }],
  [RESPONSES, { type: "response.output_text.delta", delta: "" }],
  [RESPONSES, { type: "response.completed", response: { output: [] } }],
  [RESPONSES, { type: "keepalive" }],
  [GENERATE, { usageMetadata: { promptTokenCount: 3 } }],
  [GENERATE, candidate()],
  [GENERATE, candidate({ text: "" })],
  [GENERATE, { candidates: [{ finishReason: "STOP" }] }],
];

const CONTENT: readonly (readonly [Format, unknown])[] = [
  [CHAT, delta({ content: " " })],
  [CHAT, delta({ reasoning_content: "hm" })],
  [CHAT, delta({ reasoning: "hm" })],
  [CHAT, delta({ refusal: "no" })],
  [CHAT, delta({ tool_calls: [{ index: 0, id: "c", function: { name: "f", arguments: "" } }] })],
  [CHAT, delta({ audio: { id: "a" } })],
  [CHAT, delta({}, "length")],
  [CHAT, delta({}, "content_filter")],
  [CHAT, { choices: [{ message: { role: "assistant", content: "all of it" } }] }],
  [COMPLETIONS, text("a")],
  [MESSAGES, blockDelta({ type: "text_delta", text: "a" })],
  [MESSAGES, blockDelta({ type: "thinking_delta", thinking: "hm" })],
  [MESSAGES, blockDelta({ type: "input_json_delta", partial_json: "{" })],
  [MESSAGES, start({ type: "tool_use", id: "t", name: "f", input: {} })],
  [MESSAGES, start({ type: "redacted_thinking", data: "x" })],
  [MESSAGES, ending("refusal")],
  [RESPONSES, { type: "response.output_text.delta", delta: "a" }],
  [RESPONSES, { type: "response.reasoning_summary_text.delta", delta: "hm" }],
  [RESPONSES, { type: "response.function_call_arguments.delta", delta: "{" }],
  [RESPONSES, item("function_call")],
  [RESPONSES, { type: "response.web_search_call.searching" }],
  [RESPONSES, { type: "response.image_generation_call.partial_image" }],
  [RESPONSES, { type: "response.output_item.done", item: { type: "message" } }],
  [RESPONSES, { type: "response.incomplete", response: {} }],
  [RESPONSES, { type: "response.completed", response: { output: [{ type: "message" }] } }],
  [GENERATE, candidate({ text: "a" })],
  [GENERATE, candidate({ text: "hm", thought: true })],
  [GENERATE, candidate({ functionCall: { name: "f" } })],
  [GENERATE, { candidates: [{ finishReason: "SAFETY" }] }],
  [GENERATE, { promptFeedback: { blockReason: "SAFETY" } }],
];

const ERRORS: readonly (readonly [Format, unknown, string?])[] = [
  [CHAT, { error: { message: "no" } }],
  [CHAT, { choices: [{ delta: {}, error: { message: "no" } }] }],
  [CHAT, { object: "error", message: "no", code: 40303 }],
  [CHAT, { base_resp: { status_code: 1002, status_msg: "too often" }, choices: [{ delta: { content: "" } }] }],
  [COMPLETIONS, { error: "no" }],
  [MESSAGES, { type: "error", error: { type: "overloaded_error", message: "no" } }],
  [RESPONSES, { type: "error", message: "no" }],
  [RESPONSES, { type: "response.failed", response: { error: { code: "server_error", message: "no" } } }],
  [GENERATE, { error: { code: 503, message: "no", status: "UNAVAILABLE" } }],
  [CHAT, { message: "no" }, "error"],
];

describe("the first event with content", () => {
  test.each(NOTHING.map(([format, data]) => [format.api, JSON.stringify(data) ?? "no JSON", format, data] as const))(
    "of %s is not %s",
    (_, __, { contentOf }, data) => expect(contentOf?.({ name: "", data })).toBe("none"),
  );
  test.each(CONTENT.map(([format, data]) => [format.api, JSON.stringify(data), format, data] as const))(
    "of %s is %s",
    (_, __, { contentOf }, data) => expect(contentOf?.({ name: "", data })).toBe("content"),
  );
  test.each(ERRORS.map(([format, data, name = ""]) => [format.api, JSON.stringify(data), format, data, name] as const))(
    "of %s: an error is %s",
    (_, __, { contentOf }, data, name) => expect(contentOf?.({ name, data })).toMatchObject({ error: {} }),
  );
});
