import { describe, expect, test } from "bun:test";
import type { JsonObject } from "../../../src/core/json/parse.ts";
import type { ModelAnswer, StopReason, Usage } from "../../../src/formats/form/answer.ts";
import type { Block } from "../../../src/formats/form/blocks.ts";
import { readAnswer } from "../../../src/formats/chat/read-answer.ts";
import { readRequest } from "../../../src/formats/chat/read-request.ts";
import { writeAnswer } from "../../../src/formats/chat/write-answer.ts";
import { answerOf, askOf, targetOf } from "./samples.ts";

const read = (body: JsonObject, provider = "openai"): ModelAnswer => {
  const answer = readAnswer(body, targetOf(provider));
  if ("error" in answer) throw new Error(answer.error.message);
  return answer;
};

const readMessage = (message: JsonObject, choice: JsonObject = {}): ModelAnswer =>
  read({ id: "a", model: "m", choices: [{ index: 0, message, ...choice }] });

const messageOf = (answer: JsonObject): JsonObject =>
  (answer["choices"] as { message: JsonObject }[])[0]?.message as JsonObject;

describe("reading", () => {
  const call = { id: "c1", type: "function", function: { name: "f", arguments: "{}" } };

  test.each([
    ["stop", {}, "end"],
    ["stop", { tool_calls: [call] }, "tool"],
    ["tool_calls", {}, "end"],
    ["function_call", { function_call: { name: "f", arguments: "{}" } }, "tool"],
    ["length", { tool_calls: [call] }, "length"],
    ["max_tokens", {}, "length"],
    ["content_filter", {}, "filter"],
    ["sensitive", {}, "filter"],
    ["stop", { refusal: "No" }, "refusal"],
    ["constructor", {}, "end"],
    [null, {}, "end"],
    [null, { tool_calls: [call] }, "tool"],
  ] as [string | null, JsonObject, StopReason][])("finish_reason %p with %j", (finish_reason, members, reason) => {
    expect(readMessage({ content: "A", ...members }, { finish_reason }).stop.reason).toBe(reason);
  });

  test("the stop text that vLLM and SGLang tell", () => {
    const stop = { reason: "stop_sequence", sequence: "END" } as const;
    expect(readMessage({ content: "A" }, { finish_reason: "stop", stop_reason: "END" }).stop).toEqual(stop);
    expect(readMessage({ content: "A" }, { finish_reason: "stop", matched_stop: "END" }).stop).toEqual(stop);
    expect(readMessage({ content: "A" }, { finish_reason: "stop", stop_reason: 128009 }).stop).toEqual({
      reason: "end",
    });
  });

  const none = { cacheRead: undefined, cacheWrite: undefined, cacheWriteHour: undefined, reasoning: undefined };
  test.each([
    [
      "OpenAI",
      {
        prompt_tokens: 9,
        completion_tokens: 5,
        total_tokens: 14,
        prompt_tokens_details: { cached_tokens: 4, cache_write_tokens: 2 },
        completion_tokens_details: { reasoning_tokens: 3 },
      },
      { ...none, input: 9, output: 5, cacheRead: 4, cacheWrite: 2, reasoning: 3 },
    ],
    [
      "DeepSeek",
      { prompt_tokens: 9, completion_tokens: 5, prompt_cache_hit_tokens: 4 },
      { ...none, input: 9, output: 5, cacheRead: 4 },
    ],
    [
      "Moonshot",
      { prompt_tokens: 9, completion_tokens: 5, cached_tokens: 4 },
      { ...none, input: 9, output: 5, cacheRead: 4 },
    ],
    [
      "Mistral",
      { prompt_tokens: 9, completion_tokens: 5, num_cached_tokens: 4 },
      { ...none, input: 9, output: 5, cacheRead: 4 },
    ],
    [
      "xAI",
      { prompt_tokens: 9, completion_tokens: 5, total_tokens: 17, completion_tokens_details: { reasoning_tokens: 3 } },
      { ...none, input: 9, output: 8, reasoning: 3 },
    ],
    [
      "Google",
      { prompt_tokens: 66, completion_tokens: 6, total_tokens: 100 },
      { ...none, input: 66, output: 34, reasoning: 28 },
    ],
    [
      "OpenRouter, with its price",
      {
        prompt_tokens: 9,
        completion_tokens: 5,
        total_tokens: 14,
        cost: 0.01,
        prompt_tokens_details: { cached_tokens: 4, cache_write_tokens: 2, audio_tokens: 0 },
      },
      { ...none, input: 9, output: 5, cacheRead: 4, cacheWrite: 2 },
    ],
    [
      "Alibaba",
      {
        prompt_tokens: 9,
        completion_tokens: 5,
        prompt_tokens_details: { cached_tokens: 0, cache_creation_input_tokens: 4 },
      },
      { ...none, input: 9, output: 5, cacheRead: 0, cacheWrite: 4 },
    ],
    [
      "Claude on Databricks",
      { prompt_tokens: 9, completion_tokens: 5, cache_read_input_tokens: 3, cache_creation_input_tokens: 4 },
      { ...none, input: 9, output: 5, cacheRead: 3, cacheWrite: 4 },
    ],
    [
      "Perplexity",
      { prompt_tokens: 9, completion_tokens: 5, total_tokens: 14, reasoning_tokens: 3, citation_tokens: 7 },
      { ...none, input: 9, output: 5, reasoning: 3 },
    ],
    [
      "null details",
      { prompt_tokens: 9, completion_tokens: 5, prompt_tokens_details: null },
      { ...none, input: 9, output: 5 },
    ],
    ["nothing", { queue_time: 1 }, undefined],
    ["null", null, undefined],
  ] as [string, JsonObject | null, Usage | undefined][])("usage of %s", (_, usage, wanted) => {
    expect(read({ choices: [{ message: { content: "A" } }], usage }).usage).toEqual(wanted as never);
  });

  test("thoughts before text before calls, and one seal for the pieces of one thought", () => {
    const { blocks } = read(
      {
        choices: [
          {
            message: {
              content: "A",
              reasoning: "TU",
              reasoning_details: [
                { type: "reasoning.text", text: "T", format: "f", index: 0 },
                { type: "reasoning.text", text: "U", format: "f", index: 0 },
                { type: "reasoning.text", signature: "s", format: "f", index: 0 },
              ],
              annotations: [
                { type: "url_citation", url_citation: { url: "u", title: "t", start_index: 0, end_index: 1 } },
              ],
              tool_calls: [{ function: { name: "f", arguments: {} } }],
            },
          },
        ],
      },
      "openrouter",
    );
    expect(blocks).toMatchObject([
      { type: "thinking", text: "TU", seal: { origin: "openrouter/chat", kind: "signature" } },
      { type: "text", text: "A", annotations: [{ url: "u", title: "t", start: 0, end: 1 }] },
      { type: "call", name: "f", input: "{}", id: expect.stringMatching(/^call_[0-9a-f]{24}$/) },
    ]);
  });

  test.each([
    ["an error", { error: { message: "M", type: "t", code: 429 } }, { message: "M", type: "t", code: 429 }],
    ["an error that is a text", { error: "M" }, { message: "M", type: undefined, code: undefined }],
    ["vLLM's", { object: "error", message: "M", type: "t", code: 400 }, { message: "M", type: "t", code: 400 }],
    ["MiniMax's", { base_resp: { status_code: 1008, status_msg: "M" }, choices: null }, { message: "M", code: 1008 }],
    [
      "OpenRouter's",
      { choices: [{ error: { message: "M", code: 502 }, message: { content: "" } }] },
      { message: "M", code: 502 },
    ],
    [
      "an end that is one",
      { choices: [{ message: { content: "A" }, finish_reason: "error" }] },
      { message: "The provider stopped with an error" },
    ],
    ["nothing", {}, { message: "it has no message", isNoAnswer: true }],
    ["no choice", { choices: [] }, { message: "it has no message", isNoAnswer: true }],
  ] as [string, JsonObject, object][])("%s instead of an answer", (_, body, error) => {
    expect(readAnswer(body, targetOf("openai"))).toMatchObject({ error });
  });
});

describe("writing", () => {
  test("has every member that OpenAI's answers have", () => {
    const usage = { input: 9, output: 5, cacheRead: 4, cacheWrite: undefined, cacheWriteHour: undefined, reasoning: 3 };
    expect(writeAnswer(answerOf({ blocks: [{ type: "text", text: "A" }], usage }), askOf())).toEqual({
      id: "chatcmpl-0123456789abcdefghijklmn",
      object: "chat.completion",
      created: 1_700_000_000,
      model: "client/model",
      choices: [
        {
          index: 0,
          message: { role: "assistant", content: "A", annotations: [], refusal: null },
          logprobs: null,
          finish_reason: "stop",
        },
      ],
      usage: {
        prompt_tokens: 9,
        completion_tokens: 5,
        total_tokens: 14,
        prompt_tokens_details: { cached_tokens: 4, cache_write_tokens: 0, audio_tokens: 0 },
        completion_tokens_details: {
          reasoning_tokens: 3,
          audio_tokens: 0,
          accepted_prediction_tokens: 0,
          rejected_prediction_tokens: 0,
        },
      },
      service_tier: null,
      system_fingerprint: null,
    });
  });

  const call: Block = { type: "call", id: "c1", name: "f", input: "", kind: "function" };
  test.each([
    ["end", [], "stop"],
    ["end", [call], "tool_calls"],
    ["tool", [], "stop"],
    ["tool", [call], "tool_calls"],
    ["stop_sequence", [], "stop"],
    ["length", [call], "length"],
    ["context", [], "length"],
    ["filter", [], "content_filter"],
    ["refusal", [], "content_filter"],
    ["refusal", [{ type: "text", text: "No", isRefusal: true }], "stop"],
    ["pause", [], "stop"],
  ] as [StopReason, Block[], string][])("stop %s with %j", (reason, blocks, finish_reason) => {
    expect(writeAnswer(answerOf({ blocks, stop: { reason } }), askOf())).toMatchObject({
      choices: [{ finish_reason }],
    });
  });

  test("why it was declined is the refusal", () => {
    const stop = { reason: "refusal", explanation: "Not that" } as const;
    expect(writeAnswer(answerOf({ stop }), askOf())).toMatchObject({
      choices: [{ message: { content: "", refusal: "Not that" }, finish_reason: "stop" }],
    });
  });

  test("texts are one text, in which the places of citations move", () => {
    const cited = { url: "u", title: undefined, start: 1, end: 2 };
    const blocks: Block[] = [
      { type: "text", text: "abc" },
      { type: "text", text: "def", annotations: [cited, { ...cited, start: undefined, end: undefined }] },
    ];
    expect(messageOf(writeAnswer(answerOf({ blocks }), askOf()))).toMatchObject({
      content: "abcdef",
      annotations: [
        { type: "url_citation", url_citation: { start_index: 4, end_index: 5, url: "u", title: "" } },
        { type: "url_citation", url_citation: { start_index: 3, end_index: 6, url: "u", title: "" } },
      ],
    });
  });

  test("a custom tool that was sent as a function is called as a custom one", () => {
    const request = { tools: [{ type: "custom", custom: { name: "patch" } }] };
    const called = (input: string): unknown =>
      messageOf(
        writeAnswer(
          answerOf({ blocks: [{ type: "call", id: "c", name: "patch", input, kind: "function" }] }),
          askOf(request),
        ),
      )["tool_calls"];
    expect(called('{"input":"*** Begin\\n"}')).toEqual([
      { id: "c", type: "custom", custom: { name: "patch", input: "*** Begin\n" } },
    ]);
    expect(called("*** Begin")).toMatchObject([{ custom: { input: "*** Begin" } }]);
  });

  test("what a client gives back is what it got: thoughts with their seals, in their places", () => {
    const signature = { origin: "anthropic/messages", kind: "signature", value: "EqQ/+=é" } as const;
    const encrypted = { origin: "openai/responses", kind: "encrypted", value: "gA", id: "rs_1" } as const;
    const blocks: Block[] = [
      { type: "thinking", text: "One", seal: signature },
      { type: "thinking", text: "", seal: { ...signature, kind: "encrypted" } },
      { type: "text", text: "Said" },
      { type: "thinking", text: "Two", seal: encrypted },
      { type: "call", id: "c1", name: "f", input: '{"a":1.0}', kind: "function", seal: signature },
      { type: "thinking", text: "Three", seal: signature },
      { type: "call", id: "c2", name: "g", input: "{}", kind: "function" },
    ];
    const message = messageOf(writeAnswer(answerOf({ blocks }), askOf()));
    expect(message["reasoning_content"]).toBe("OneTwoThree");
    const { turns, foreign } = readRequest({ model: "m", messages: [JSON.parse(JSON.stringify(message))] });
    expect(turns).toEqual([{ role: "assistant", blocks }]);
    expect(foreign).toEqual([]);
  });
});
