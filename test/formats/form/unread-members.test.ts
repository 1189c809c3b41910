import { expect, test } from "bun:test";
import type { JsonObject } from "../../../src/core/json/parse.ts";
import { readRequest as readChat } from "../../../src/formats/chat/read-request.ts";
import type { Conversation } from "../../../src/formats/form/conversation.ts";
import { readRequest as readGemini } from "../../../src/formats/gemini/read-request.ts";
import { readRequest as readMessages } from "../../../src/formats/messages/read-request.ts";
import { readRequest as readResponses } from "../../../src/formats/responses/read-request.ts";

/* What newer versions of an API add to the objects of its settings is told to the client, not lost. */

const FUNCTION = { name: "f", description: "d", new_in_function: true };
const SCHEMA = { type: "object", new_in_schema: 1 };

const CHAT: JsonObject = {
  messages: [{ role: "user", content: "hi" }],
  stream_options: { include_usage: true, include_obfuscation: false, new_in_stream: 1 },
  response_format: { type: "json_schema", json_schema: { name: "n", schema: SCHEMA, new_in_format: "x" } },
  reasoning: { effort: "low", exclude: false, new_in_reasoning: "x" },
  thinking: { type: "enabled", new_in_thinking: true, unused: false },
  tools: [
    { type: "function", function: FUNCTION, new_in_tool: true },
    { type: "custom", custom: { name: "c", new_in_custom: [1], unused: [] } },
  ],
};

const MESSAGES: JsonObject = {
  max_tokens: 10,
  messages: [{ role: "user", content: "hi" }],
  output_config: { effort: "ultra", format: { type: "json_schema", schema: SCHEMA, name: "n" }, task_budget: {} },
  thinking: { type: "new", display: "omitted", unused: null, new_in_thinking: 1 },
  tools: [{ type: "custom", name: "f", input_schema: SCHEMA, defer_loading: true, new_in_tool: "x", unused: "" }],
  tool_choice: { type: "auto", new_in_choice: true },
};

const RESPONSES: JsonObject = {
  input: "hi",
  stream_options: { include_obfuscation: false, new_in_stream: 1 },
  text: {
    verbosity: "low",
    format: { type: "json_schema", name: "n", schema: SCHEMA, new_in_format: 1 },
    new_in_text: 1,
  },
  tools: [
    { type: "function", name: "f", output_schema: SCHEMA, defer_loading: true, new_in_tool: 1 },
    { type: "namespace", name: "ns", tools: [{ type: "function", name: "g", new_in_tool: 1 }] },
  ],
};

const GEMINI: JsonObject = {
  contents: [
    { role: "user", parts: [{ text: "hi" }] },
    { role: "model", parts: [{ functionCall: { name: "f" } }] },
    {
      role: "user",
      parts: [{ functionResponse: { name: "f", response: {}, scheduling: "SILENT", willContinue: false } }],
    },
  ],
  generationConfig: { thinkingConfig: { thinkingLevel: "ULTRA", newInThinking: 1 } },
  toolConfig: { functionCallingConfig: { mode: "AUTO", newInCalling: true, streamFunctionCallArguments: false } },
};

test.each<[string, (body: JsonObject) => Conversation, JsonObject, readonly string[]]>([
  [
    "Chat Completions",
    readChat,
    CHAT,
    [
      "tools[0].new_in_tool",
      "tools[0].function.new_in_function",
      "tools[1].custom.new_in_custom",
      "reasoning.new_in_reasoning",
      "thinking.new_in_thinking",
      "response_format.json_schema.new_in_format",
      "stream_options.new_in_stream",
    ],
  ],
  [
    "Messages",
    readMessages,
    MESSAGES,
    [
      "tools[0].defer_loading",
      "tools[0].new_in_tool",
      "tool_choice.new_in_choice",
      "output_config.effort",
      "thinking.new_in_thinking",
      "output_config.task_budget",
      "thinking.type",
      "output_config.format.name",
    ],
  ],
  [
    "Responses",
    readResponses,
    RESPONSES,
    [
      "text.new_in_text",
      "stream_options.new_in_stream",
      "tools[0].output_schema",
      "tools[0].defer_loading",
      "tools[0].new_in_tool",
      "tools[1].tools[0].new_in_tool",
      "text.format.new_in_format",
    ],
  ],
  [
    "Gemini",
    readGemini,
    GEMINI,
    [
      "toolConfig.functionCallingConfig.newInCalling",
      "contents[2].parts[0].functionResponse.scheduling",
      "generationConfig.thinkingConfig.thinkingLevel",
      "generationConfig.thinkingConfig.newInThinking",
    ],
  ],
])("%s: members of settings that are not known are told, those that ask for nothing are not", (_, read, body, told) => {
  const { foreign } = read({ ...body, model: "m" });
  expect(foreign.map(({ path }) => path)).toEqual([...told]);
  expect(foreign.filter(({ isEssential }) => isEssential)).toEqual([]);
});
