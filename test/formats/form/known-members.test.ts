import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { isJsonObject, type JsonObject } from "../../../src/core/json/parse.ts";
import { listOf, objectOf } from "../../../src/core/json/values.ts";
import { readRequest as readChat } from "../../../src/formats/chat/read-request.ts";
import type { Conversation } from "../../../src/formats/form/conversation.ts";
import { readRequest as readGemini } from "../../../src/formats/gemini/read-request.ts";
import { readRequest as readMessages } from "../../../src/formats/messages/read-request.ts";
import { readRequest as readResponses } from "../../../src/formats/responses/read-request.ts";

/* What newer versions of an API add to messages, their parts and calls is told to the client, not lost. */

type Read = (body: JsonObject) => Conversation;

const toldOf = (read: Read, body: JsonObject): readonly string[] =>
  read({ model: "m", ...body }).foreign.map(({ path, isEssential }) => (isEssential ? `${path}!` : path));

const CACHED = { cache_control: { type: "ephemeral" } };

const CHAT: JsonObject = {
  messages: [
    { role: "user", content: [{ type: "text", text: "a", ...CACHED, new_in_part: 1 }], new_in_message: "x" },
    {
      role: "user",
      content: [{ type: "image_url", image_url: { url: "https://a/b.png", detail: "low", new_in_url: true } }],
      new_in_message: "told once",
    },
    {
      role: "assistant",
      tool_calls: [
        { id: "c", type: "function", function: { name: "f", arguments: "{}", new_in_function: 1 }, new_in_call: 1 },
      ],
      images: [{ type: "image_url", image_url: { url: "data:image/png;base64,AAAA" } }],
    },
    { role: "tool", tool_call_id: "c", content: "ok", is_error: true },
  ],
  tools: [{ type: "function", function: { name: "f" } }],
  tool_choice: { type: "function", function: { name: "f", new_in_named: 1 }, new_in_choice: true },
};

const MESSAGES: JsonObject = {
  max_tokens: 9,
  system: [{ type: "text", text: "s", new_in_system: 1 }],
  messages: [
    { role: "user", content: [{ type: "text", text: "a", ...CACHED, new_in_block: 1 }], new_in_message: 1 },
    { role: "assistant", content: [{ type: "tool_use", id: "c", name: "f", input: { any: 1 }, new_in_call: 1 }] },
    {
      role: "user",
      content: [
        {
          type: "tool_result",
          tool_use_id: "c",
          content: [{ type: "text", text: "b", new_in_part: 1 }],
          new_in_result: 1,
        },
      ],
    },
  ],
};

const RESPONSES: JsonObject = {
  input: [
    { role: "user", content: [{ type: "input_text", text: "a", new_in_part: 1 }], new_in_message: 1 },
    { type: "function_call", call_id: "c", name: "f", arguments: "{}", async: true, caller: { type: "direct" } },
    { type: "function_call_output", call_id: "c", output: [{ type: "input_text", text: "b", new_in_output: 1 }] },
    { type: "reasoning", summary: [], encrypted_content: "e", new_in_reasoning: 1 },
  ],
  tools: [
    { type: "function", name: "f", defer_loading: true },
    { type: "namespace", name: "ns", new_in_namespace: 1, tools: [{ type: "function", name: "g" }] },
    { type: "local_shell", environment: { type: "new" } },
  ],
  tool_choice: { type: "function", name: "f", new_in_choice: 1 },
};

const GEMINI: JsonObject = {
  contents: [
    { role: "user", parts: [{ text: "a", partMetadata: { a: 1 } }], newInContent: 1 },
    { role: "user", parts: [{ inline_data: { mime_type: "image/png", data: "AAAA", new_in_data: 1 } }] },
    { role: "model", parts: [{ functionCall: { id: "c", name: "f", args: { any: 1 }, newInCall: 1 } }] },
    { role: "user", parts: [{ functionResponse: { id: "c", name: "f", response: { any: 1 } } }] },
  ],
};

test.each<[string, Read, JsonObject, readonly string[]]>([
  [
    "Chat Completions",
    readChat,
    CHAT,
    [
      "messages[0].content[0].new_in_part",
      "messages[0].new_in_message",
      "messages[1].content[0].image_url.new_in_url",
      "messages[2].tool_calls[0].function.new_in_function",
      "messages[2].tool_calls[0].new_in_call",
      "messages[2].images",
      "messages[3].is_error",
      "tool_choice.function.new_in_named",
      "tool_choice.new_in_choice",
    ],
  ],
  [
    "Messages",
    readMessages,
    MESSAGES,
    [
      "system[0].new_in_system",
      "messages[0].content[0].new_in_block",
      "messages[0].new_in_message",
      "messages[1].content[0].new_in_call",
      "messages[2].content[0].content[0].new_in_part",
      "messages[2].content[0].new_in_result",
    ],
  ],
  [
    "Responses",
    readResponses,
    RESPONSES,
    [
      "input[0].content[0].new_in_part",
      "input[0].new_in_message",
      "input[1].async",
      "input[2].output[0].new_in_output",
      "input[3].new_in_reasoning",
      "tool_choice.new_in_choice",
      "tools[0].defer_loading",
      "tools[1].new_in_namespace",
      "tools[2].environment",
    ],
  ],
  [
    "Gemini",
    readGemini,
    GEMINI,
    [
      "contents[0].parts[0].partMetadata",
      "contents[0].newInContent",
      "contents[1].parts[0].inline_data.new_in_data",
      "contents[2].parts[0].functionCall.newInCall",
    ],
  ],
])("%s: members of what was said that nobody reads are told, one of a shape", (_, read, body, told) => {
  expect(toldOf(read, body)).toEqual([...told]);
});

describe("what clients send back says nothing", () => {
  test("of a message that OpenAI's library has parsed", () => {
    const message = {
      ...{ role: "assistant", content: "{}", refusal: null, annotations: [], audio: null, function_call: null },
      ...{ parsed: { a: 1 }, reasoning_content: "hm", prefix: true },
      tool_calls: [
        {
          ...{ id: "c", type: "function", index: 0 },
          function: { name: "f", arguments: "{}", parsed_arguments: { a: 1 } },
          provider_specific_fields: { thought_signature: null },
        },
      ],
      provider_specific_fields: { refusal: null, citations: null },
    };
    expect(toldOf(readChat, { messages: [{ role: "user", content: "a", name: null }, message] })).toEqual([]);
  });

  test("of items that OpenAI's library has parsed", () => {
    const text = { type: "output_text", text: "{}", annotations: [], logprobs: [], parsed: { a: 1 } };
    const input = [
      { id: "rs", type: "reasoning", summary: [], content: [], encrypted_content: null, status: null },
      { id: "msg", type: "message", role: "assistant", status: "completed", content: [text] },
      {
        ...{ id: "fc", type: "function_call", status: "completed", call_id: "c", name: "f", arguments: "{}" },
        ...{ parsed_arguments: null, caller: { type: "direct" }, namespace: null },
      },
      { type: "function_call_output", call_id: "c", output: "ok" },
    ];
    expect(toldOf(readResponses, { input })).toEqual([]);
  });

  test("of a message of Anthropic's library, whole", () => {
    const message = {
      ...{ id: "msg", type: "message", role: "assistant", model: "claude", stop_reason: "tool_use" },
      ...{ stop_sequence: null, stop_details: null, container: null, usage: { input_tokens: 1 } },
      content: [
        { type: "thinking", thinking: "hm", signature: "s" },
        { type: "text", text: "a", citations: null, parsed_output: null },
        { type: "tool_use", id: "c", name: "f", input: {}, caller: { type: "direct" } },
      ],
    };
    expect(toldOf(readMessages, { max_tokens: 9, messages: [message] })).toEqual([]);
  });
});

test("as many are told as a header can have", () => {
  const message: Record<string, unknown> = { role: "user", content: "a" };
  for (let at = 0; at < 10_000; at++) message[`m${at}`] = 1;
  expect(toldOf(readChat, { messages: [message] })).toHaveLength(100);
});

const RECORDED = resolve(import.meta.dir, "../../../../shared/recorded");
const isPresent = existsSync(RECORDED);
if (!isPresent) console.warn(`Recorded provider exchanges are not in ${RECORDED}: their answers are not sent back.`);

/** What a client sends back of an answer, as a request. */
function repeated(kind: string, answer: JsonObject): readonly [Read, JsonObject] | undefined {
  switch (kind) {
    case "chat":
      return [readChat, { messages: listOf(answer["choices"]).map((choice) => objectOf(choice)?.["message"]) }];
    case "messages":
      return [readMessages, { max_tokens: 9, messages: [answer] }];
    case "responses":
      return [readResponses, { input: listOf(answer["output"]) }];
    case "generate":
      return [
        readGemini,
        { contents: listOf(answer["candidates"]).flatMap((each) => objectOf(objectOf(each)?.["content"]) ?? []) },
      ];
    default:
      return undefined;
  }
}

test.skipIf(!isPresent)("of answers that providers gave, only what means something is told", async () => {
  const told = new Set<string>();
  let count = 0;
  for await (const file of new Bun.Glob("*/*-json-200-*.json").scan(RECORDED)) {
    const { body: response }: { body: unknown } = await Bun.file(join(RECORDED, file)).json();
    const request = isJsonObject(response) ? repeated(file.split("/")[1]?.split("-")[0] ?? "", response) : undefined;
    if (!request) continue;
    count += 1;
    for (const path of toldOf(...request)) told.add(path.replace(/\[\d+\]/g, "[]"));
  }
  expect(count).toBeGreaterThan(100);
  expect([...told].sort()).toEqual([
    "contents[].parts[].codeExecutionResult",
    "contents[].parts[].executableCode",
    "contents[].parts[].toolCall",
    "contents[].parts[].toolResponse",
    "input[].phase",
    "messages[].extra_content.google.thought_signature",
    "messages[].reasoning_details[]",
    "messages[].thought_signature",
  ]);
});
