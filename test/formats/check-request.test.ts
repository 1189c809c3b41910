import { describe, expect, test } from "bun:test";
import { CHAT } from "../../src/formats/chat/format.ts";
import { EMBEDDINGS } from "../../src/formats/embeddings/format.ts";
import { COUNT_TOKENS, MESSAGES } from "../../src/formats/messages/format.ts";
import { RESPONSES } from "../../src/formats/responses/format.ts";
import type { CheckRequest } from "../../src/formats/schema/check.ts";

const checkChatRequest = await CHAT.loadCheck();
const checkMessageRequest = await MESSAGES.loadCheck();
const checkCountTokensRequest = await COUNT_TOKENS.loadCheck();
const checkResponseRequest = await RESPONSES.loadCheck();
const checkEmbeddingRequest = await EMBEDDINGS.loadCheck();

const HELLO = { role: "user", content: "hello" };

/** A chat request with its first message, or with further fields, replaced. */
function chat(fields: Record<string, unknown>): Record<string, unknown> {
  return { model: "openai/gpt-4o", messages: [HELLO], ...fields };
}

/** A chat request of one message. */
function saying(message: Record<string, unknown>): Record<string, unknown> {
  return chat({ messages: [message] });
}

const CALL = { id: "call_1", type: "function", function: { name: "weather", arguments: "{}" } };

const REFUSED_CHAT: readonly (readonly [unknown, string])[] = [
  [null, "request body must be an object"],
  [[HELLO], "request body must be an object"],
  ["hello", "request body must be an object"],
  [{}, "model is required"],
  [{ messages: [HELLO] }, "model is required"],
  [{ model: "gpt-4o" }, "messages is required"],
  [chat({ model: "" }), "model must not be empty"],
  [chat({ model: null }), "model must be a string"],
  [chat({ model: 4 }), "model must be a string"],
  [chat({ messages: [] }), "messages must contain at least 1 item"],
  [chat({ messages: "hello" }), "messages must be an array"],
  [chat({ messages: null }), "messages must be an array"],
  [chat({ messages: [HELLO, "hello"] }), "messages[1] must be an object"],
  [
    chat({ messages: [HELLO, HELLO, { role: "boss", content: "x" }] }),
    "messages[2].role must be one of system, developer, user, assistant, tool, function",
  ],
  [saying({ content: "x" }), "messages[0].role is required"],
  [saying({ role: "user" }), "messages[0].content is required"],
  [saying({ role: "user", content: null }), "messages[0].content must be a string or an array"],
  [saying({ role: "system", content: 5 }), "messages[0].content must be a string or an array"],
  [saying({ role: "function" }), "messages[0].content is required"],
  [
    saying({ role: "assistant", content: null, tool_calls: [] }),
    "messages[0].content must be a string or an array if there are no tool_calls, function_call, refusal or audio",
  ],
  [saying({ role: "user", tool_calls: [CALL] }), "messages[0].content is required"],
  [saying({ role: "tool", content: "sunny" }), "messages[0].tool_call_id is required"],
  [saying({ role: "tool", content: "sunny", tool_call_id: null }), "messages[0].tool_call_id must be a string"],
  [saying({ role: "tool", content: "sunny", tool_call_id: 1 }), "messages[0].tool_call_id must be a string"],
  [saying({ role: "user", content: ["x"] }), "messages[0].content[0] must be an object"],
  [saying({ role: "user", content: [{ text: "x" }] }), "messages[0].content[0].type is required"],
  [saying({ role: "user", content: [{ type: 1 }] }), "messages[0].content[0].type must be a string"],
  [saying({ role: "user", content: [{ type: "text" }] }), "messages[0].content[0].text is required"],
  [
    saying({
      role: "user",
      content: [
        { type: "text", text: "x" },
        { type: "image_url", image_url: { url: 5 } },
      ],
    }),
    "messages[0].content[1].image_url.url must be a string",
  ],
  [saying({ role: "user", content: [{ type: "refusal" }] }), "messages[0].content[0].refusal is required"],
  [saying({ role: "user", content: [{ type: "input_audio" }] }), "messages[0].content[0].input_audio is required"],
  [saying({ role: "user", content: [{ type: "file", file: 5 }] }), "messages[0].content[0].file must be an object"],
  [saying({ role: "user", content: [{ type: "image_url" }] }), "messages[0].content[0].image_url is required"],
  [
    saying({ role: "user", content: [{ type: "image_url", image_url: "https://x" }] }),
    "messages[0].content[0].image_url must be an object",
  ],
  [
    saying({ role: "user", content: [{ type: "image_url", image_url: { url: "https://x", detail: "huge" } }] }),
    "messages[0].content[0].image_url.detail must be one of auto, low, high, original",
  ],
  [
    saying({ role: "assistant", tool_calls: [{ ...CALL, function: {} }] }),
    "messages[0].tool_calls[0].function.name is required",
  ],
  [saying({ role: "assistant", tool_calls: [{ id: "x" }] }), "messages[0].tool_calls[0].type is required"],
  [chat({ temperature: 2.1 }), "temperature must be between 0 and 2"],
  [chat({ temperature: -0.1 }), "temperature must be between 0 and 2"],
  [chat({ temperature: "1" }), "temperature must be a number"],
  [chat({ temperature: Number.POSITIVE_INFINITY }), "temperature must be a number"],
  [chat({ top_p: 1.5 }), "top_p must be between 0 and 1"],
  [chat({ max_tokens: 0 }), "max_tokens must be at least 1"],
  [chat({ max_tokens: 1.5 }), "max_tokens must be an integer"],
  [chat({ max_tokens: "10" }), "max_tokens must be an integer"],
  [chat({ max_completion_tokens: -1 }), "max_completion_tokens must be at least 1"],
  [chat({ n: 0 }), "n must be at least 1"],
  [chat({ stream: "yes" }), "stream must be a boolean"],
  [chat({ stream_options: { include_usage: 1 } }), "stream_options.include_usage must be a boolean"],
  [chat({ stream_options: [] }), "stream_options must be an object"],
  [chat({ stop: 1 }), "stop must be a string or an array"],
  [chat({ stop: ["a", 1] }), "stop[1] must be a string"],
  [chat({ presence_penalty: 3 }), "presence_penalty must be between -2 and 2"],
  [chat({ frequency_penalty: -3 }), "frequency_penalty must be between -2 and 2"],
  [chat({ logprobs: 1 }), "logprobs must be a boolean"],
  [chat({ top_logprobs: 21 }), "top_logprobs must be between 0 and 20"],
  [chat({ seed: 1.5 }), "seed must be an integer"],
  [chat({ tools: {} }), "tools must be an array"],
  [chat({ tools: [{ type: 1 }] }), "tools[0].type must be a string"],
  [chat({ tools: [{ type: "function" }] }), "tools[0].function is required"],
  [chat({ tools: [{ type: "function", function: {} }] }), "tools[0].function.name is required"],
  [chat({ tools: [{ type: "function", function: { name: "" } }] }), "tools[0].function.name must not be empty"],
  [chat({ tool_choice: 1 }), "tool_choice must be a string or an object"],
  [chat({ response_format: {} }), "response_format.type is required"],
  [chat({ parallel_tool_calls: "no" }), "parallel_tool_calls must be a boolean"],
  [chat({ user: 1 }), "user must be a string"],
  [chat({ reasoning_effort: 1 }), "reasoning_effort must be a string"],
  [chat({ logit_bias: [] }), "logit_bias must be an object"],
  [chat({ metadata: "x" }), "metadata must be an object"],
];

const ACCEPTED_CHAT: Readonly<Record<string, unknown>> = {
  "every role": chat({
    messages: [
      { role: "system", content: "x" },
      { role: "developer", content: "x" },
      { role: "user", content: [] },
      { role: "assistant", content: "x" },
      { role: "tool", content: [{ type: "text", text: "x" }], tool_call_id: "call_1" },
      { role: "function", name: "f", content: null },
    ],
  }),
  "assistants without content": chat({
    messages: [
      { role: "assistant", tool_calls: [CALL] },
      { role: "assistant", content: null, function_call: { name: "f", arguments: "{}" } },
      { role: "assistant", content: null, refusal: "no" },
      { role: "assistant", audio: { id: "a" } },
      { role: "assistant", tool_calls: [{ type: "custom", id: "x", custom: { name: "f", input: "" } }] },
    ],
  }),
  "parts known and unknown": saying({
    role: "user",
    content: [
      { type: "text", text: "", cache_control: {} },
      { type: "image_url", image_url: { url: "https://x", detail: "original" } },
      { type: "input_audio", input_audio: { data: "", format: "wav" } },
      { type: "input_audio", input_audio: "bWlzdHJhbA==" },
      { type: "file", file: { file_id: "f" } },
      { type: "file", file_id: "f" },
      { type: "document_url", document_url: "https://x" },
      { type: "video_url", video_url: { url: "https://x" } },
    ],
  }),
  "tools of every kind": chat({
    tools: [
      { type: "function", function: { name: "f", parameters: null } },
      { function: { name: "without-type" } },
      { type: "custom", custom: { name: "c" } },
      { type: "openrouter:web_search" },
    ],
  }),
  "a seed beyond 2^53": JSON.parse(
    '{"model":"x","messages":[{"role":"user","content":"x"}],"seed":18446744073709551615}',
  ),
  "unknown fields": chat({ thinking: { type: "enabled" }, temperatures: "hot", constructor: 1 }),
  "the edges of every range": chat({
    temperature: 0,
    top_p: 1,
    max_tokens: 1,
    n: 1,
    presence_penalty: -2,
    frequency_penalty: 2,
    top_logprobs: 20,
  }),
};

describe("checkChatRequest", () => {
  test.each(REFUSED_CHAT)("refuses %j", (request, message) => {
    const problem = checkChatRequest(request);
    expect(problem?.message).toBe(message);
    const whole = problem?.path === "" ? "request body" : problem?.path;
    expect(problem?.message.startsWith(`${whole} `)).toBe(true);
  });

  test("names the first problem in the order of the document", () => {
    const broken = { role: "boss", content: 1 };
    expect(checkChatRequest({ temperature: 9, model: "x", messages: [broken], n: 0 })?.path).toBe("temperature");
    expect(checkChatRequest({ n: 0, model: "x", messages: [broken], temperature: 9 })?.path).toBe("n");
    expect(checkChatRequest({ model: "x", messages: [{ role: "user" }, broken] })?.path).toBe("messages[0].content");
    expect(checkChatRequest({ model: "x", messages: [HELLO, { role: "user" }], n: 0 })?.path).toBe(
      "messages[1].content",
    );
  });

  test("never repeats what was sent", () => {
    const secret = "my-secret-prompt";
    const requests = [
      chat({ model: [secret] }),
      chat({ [secret]: 1, stream: secret }),
      saying({ role: secret, content: secret }),
      saying({ role: "user", content: [{ type: "image_url", image_url: { url: "x", detail: secret } }] }),
    ];
    for (const request of requests) {
      const problem = checkChatRequest(request);
      expect(problem).toBeDefined();
      expect(JSON.stringify(problem)).not.toContain(secret);
    }
  });

  test.each(Object.entries(ACCEPTED_CHAT))("accepts %s", (_name, request) => {
    expect(checkChatRequest(request)).toBeUndefined();
  });

  test("accepts null for every optional field", () => {
    const optional = ["stream", "stream_options", "max_tokens", "max_completion_tokens", "tools", "tool_choice"];
    const further = ["temperature", "top_p", "n", "stop", "seed", "response_format", "user", "metadata", "logprobs"];
    for (const field of [...optional, ...further]) expect(checkChatRequest(chat({ [field]: null }))).toBeUndefined();
    expect(checkChatRequest(saying({ ...HELLO, name: null, tool_calls: null, tool_call_id: null }))).toBeUndefined();
  });
});

describe("the other requests", () => {
  const refused: readonly (readonly [string, CheckRequest, unknown, string])[] = [
    ["messages", checkMessageRequest, { model: "x", messages: [HELLO] }, "max_tokens is required"],
    [
      "messages",
      checkMessageRequest,
      { model: "x", messages: [HELLO], max_tokens: 0 },
      "max_tokens must be at least 1",
    ],
    ["messages", checkMessageRequest, { messages: [HELLO], max_tokens: 1 }, "model is required"],
    [
      "messages",
      checkMessageRequest,
      { model: "x", messages: [{ role: "user" }], max_tokens: 1 },
      "messages[0].content is required",
    ],
    [
      "messages",
      checkMessageRequest,
      { model: "x", messages: [], max_tokens: 1 },
      "messages must contain at least 1 item",
    ],
    ["count_tokens", checkCountTokensRequest, { model: "x" }, "messages is required"],
    ["responses", checkResponseRequest, { input: "x" }, "model is required"],
    ["responses", checkResponseRequest, { model: "x", input: 5 }, "input must be a string or an array"],
    ["responses", checkResponseRequest, { model: "x", stream: "yes" }, "stream must be a boolean"],
    ["embeddings", checkEmbeddingRequest, { model: "x" }, "input is required"],
    ["embeddings", checkEmbeddingRequest, { model: "x", input: "" }, "input must not be empty"],
    ["embeddings", checkEmbeddingRequest, { model: "x", input: [] }, "input must contain at least 1 item"],
    [
      "embeddings",
      checkEmbeddingRequest,
      { model: "x", input: [{}] },
      "input[0] must be a string, an integer or an array",
    ],
    ["embeddings", checkEmbeddingRequest, { model: "x", input: ["a", 1] }, "input[1] must be a string"],
    ["embeddings", checkEmbeddingRequest, { model: "x", input: [1, 1.5] }, "input[1] must be an integer"],
    ["embeddings", checkEmbeddingRequest, { model: "x", input: [[1], ["a"]] }, "input[1][0] must be an integer"],
  ];
  test.each(refused)("%s refuses %#", (_name, check, request, message) => {
    expect(check(request)?.message).toBe(message);
  });

  test("each accepts the least that its provider needs", () => {
    expect(checkMessageRequest({ model: "x", messages: [HELLO], max_tokens: 1, system: [], beta: 1 })).toBeUndefined();
    expect(checkCountTokensRequest({ model: "x", messages: [HELLO] })).toBeUndefined();
    expect(checkResponseRequest({ model: "x", prompt: { id: "p" } })).toBeUndefined();
    expect(checkResponseRequest({ model: "x", input: [{ type: "message" }], stream: null })).toBeUndefined();
    for (const input of ["a", ["a"], [1], [[1], [2, 3]]]) {
      expect(checkEmbeddingRequest({ model: "x", input })).toBeUndefined();
    }
  });
});

describe("of many items, the first that is wrong is told", () => {
  const messages = Array.from({ length: 1000 }, () => HELLO as unknown);
  const messageAt = (index: number, message: unknown): unknown =>
    checkChatRequest({ model: "x", messages: messages.with(index, message).concat([5]) })?.message;

  test("whether the schema or a rule says so", () => {
    expect(messageAt(500, {})).toBe("messages[500].role is required");
    expect(messageAt(500, { role: "user" })).toBe("messages[500].content is required");
    expect(messageAt(999, HELLO)).toBe("messages[1000] must be an object");
  });

  test("also within an item", () => {
    const content = Array.from({ length: 1000 }, (_, index) =>
      index === 900 ? { type: 1 } : { type: "text", text: "" },
    );
    expect(messageAt(500, { role: "user", content })).toBe("messages[500].content[900].type must be a string");
  });

  test("and of members in the order of the document", () => {
    expect(checkChatRequest({ model: "x", messages: 1, stream: 1 })?.path).toBe("messages");
    expect(checkChatRequest({ stream: 1, messages: 1, model: "x" })?.path).toBe("stream");
  });
});
