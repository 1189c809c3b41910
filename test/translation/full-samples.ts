import type { JsonObject } from "../../src/core/json/parse.ts";
import type { TranslatedApi, Wire } from "../../src/formats/wires.ts";

const SCHEMA = {
  type: "object",
  description: "schema",
  properties: {
    name_a: { type: "string", description: "desc", enum: ["one"], pattern: "^a", format: "date", default: "x" },
    sub: { $ref: "#/$defs/thing" },
    any: { anyOf: [{ type: "string" }, { type: "null" }] },
  },
  required: ["name_a"],
  $defs: { thing: { type: "object", properties: { in_ner: { type: "number", title: "title" } } } },
};
const PICTURE = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUg==";
/** A request of each API of clients that has as much of it as can be translated. */
export const REQUESTS: Readonly<Record<TranslatedApi, JsonObject>> = {
  chat: {
    model: "gpt-4o",
    messages: [
      { role: "system", content: "be nice", name: "sys" },
      { role: "developer", content: [{ type: "text", text: "dev" }] },
      {
        role: "user",
        name: "bob",
        content: [
          { type: "text", text: "hello" },
          { type: "image_url", image_url: { url: PICTURE, detail: "high" } },
          { type: "image_url", image_url: { url: "https://example.com/a.png" } },
          { type: "file", file: { filename: "a.pdf", file_data: "data:application/pdf;base64,JVBERi0=" } },
          { type: "input_audio", input_audio: { data: "AAAA", format: "wav" } },
        ],
      },
      {
        role: "assistant",
        content: "ok",
        refusal: "no",
        reasoning_content: "think",
        tool_calls: [{ id: "call_1", type: "function", function: { name: "look_up", arguments: '{"a_b":"c"}' } }],
      },
      { role: "tool", tool_call_id: "call_1", content: "result" },
      { role: "system", content: "mid" },
      { role: "user", content: "go" },
    ],
    tools: [
      { type: "function", function: { name: "look_up", description: "looks", parameters: SCHEMA, strict: true } },
    ],
    tool_choice: { type: "function", function: { name: "look_up" } },
    stop: ["END"],
    user: "u",
    metadata: { key_a: "v" },
    response_format: {
      type: "json_schema",
      json_schema: { name: "out", description: "d", schema: SCHEMA, strict: true },
    },
    reasoning_effort: "low",
    service_tier: "auto",
    safety_identifier: "s",
    prompt_cache_key: "p",
    unknown_member: "z",
  },
  messages: {
    model: "claude",
    max_tokens: 100,
    system: [{ type: "text", text: "sys", cache_control: { type: "ephemeral" } }],
    messages: [
      {
        role: "user",
        content: [
          { type: "text", text: "hi" },
          { type: "image", source: { type: "base64", media_type: "image/png", data: "iVBORw0KGgo=" } },
          { type: "image", source: { type: "url", url: "https://example.com/x.png" } },
          {
            type: "document",
            title: "t",
            context: "c",
            source: { type: "text", media_type: "text/plain", data: "doc" },
          },
        ],
      },
      {
        role: "assistant",
        content: [
          { type: "thinking", thinking: "hm", signature: "c2ln" },
          { type: "redacted_thinking", data: "ZGF0YQ==" },
          { type: "text", text: "ok" },
          { type: "tool_use", id: "toolu_1", name: "look_up", input: { a_b: "c" } },
        ],
      },
      {
        role: "user",
        content: [
          { type: "tool_result", tool_use_id: "toolu_1", content: [{ type: "text", text: "res" }] },
          { type: "text", text: "go" },
        ],
      },
    ],
    tools: [
      { name: "look_up", description: "d", input_schema: SCHEMA },
      { type: "web_search_20250305", name: "web_search", allowed_domains: ["a.com"] },
    ],
    tool_choice: { type: "tool", name: "look_up" },
    stop_sequences: ["END"],
    metadata: { user_id: "u" },
    thinking: { type: "enabled", budget_tokens: 1024 },
    unknown_member: "z",
  },
  responses: {
    model: "gpt",
    instructions: "inst",
    input: [
      {
        role: "user",
        content: [
          { type: "input_text", text: "hi" },
          { type: "input_image", image_url: PICTURE, detail: "low" },
          { type: "input_file", filename: "f.pdf", file_data: "data:application/pdf;base64,JVBERi0=" },
        ],
      },
      { type: "reasoning", id: "rs_1", summary: [{ type: "summary_text", text: "hm" }], encrypted_content: "ZW5j" },
      {
        type: "message",
        role: "assistant",
        id: "msg_1",
        content: [
          {
            type: "output_text",
            text: "ok",
            annotations: [{ type: "url_citation", url: "https://e.com", title: "t", start_index: 0, end_index: 1 }],
          },
        ],
      },
      { type: "function_call", call_id: "call_1", name: "look_up", arguments: '{"a_b":"c"}', id: "fc_1" },
      { type: "function_call_output", call_id: "call_1", output: "res" },
      { type: "custom_tool_call", call_id: "call_2", name: "shell_it", input: "ls" },
      { type: "custom_tool_call_output", call_id: "call_2", output: "x" },
    ],
    tools: [
      { type: "function", name: "look_up", description: "d", parameters: SCHEMA, strict: false },
      {
        type: "custom",
        name: "shell_it",
        description: "sh",
        format: { type: "grammar", syntax: "lark", definition: "start: /a/" },
      },
    ],
    tool_choice: { type: "function", name: "look_up" },
    text: { format: { type: "json_schema", name: "out", description: "d", schema: SCHEMA } },
    user: "u",
    metadata: { key_a: "v" },
    reasoning: { effort: "low", summary: "auto" },
    include: ["reasoning.encrypted_content"],
    unknown_member: "z",
  },
  generate: {
    model: "gemini",
    systemInstruction: { parts: [{ text: "sys" }] },
    contents: [
      {
        role: "user",
        parts: [
          { text: "hi" },
          { inlineData: { mimeType: "image/png", data: "iVBORw0KGgo=" } },
          { fileData: { mimeType: "image/png", fileUri: "https://e.com/a.png" } },
        ],
      },
      {
        role: "model",
        parts: [
          { text: "hm", thought: true, thoughtSignature: "c2ln" },
          { text: "ok" },
          { functionCall: { id: "c1", name: "look_up", args: { a_b: "c" } } },
        ],
      },
      { role: "user", parts: [{ functionResponse: { id: "c1", name: "look_up", response: { out_put: "res" } } }] },
    ],
    tools: [
      {
        functionDeclarations: [
          {
            name: "look_up",
            description: "d",
            parameters: {
              type: "OBJECT",
              properties: { name_a: { type: "STRING", description: "x", enum: ["one"] } },
              required: ["name_a"],
            },
          },
        ],
      },
    ],
    toolConfig: { functionCallingConfig: { mode: "ANY", allowedFunctionNames: ["look_up"] } },
    generationConfig: {
      stopSequences: ["END"],
      responseMimeType: "application/json",
      responseSchema: { type: "OBJECT", properties: { name_a: { type: "STRING" } } },
    },
    labels: { key_a: "v" },
    safetySettings: [{ category: "HARM_CATEGORY_HARASSMENT", threshold: "BLOCK_NONE" }],
    unknown_member: "z",
  },
};
/** An answer of each wire, with as much in it. */
export const ANSWERS: Readonly<Record<Wire, JsonObject>> = {
  chat: {
    id: "c1",
    object: "chat.completion",
    model: "m",
    choices: [
      {
        index: 0,
        message: {
          role: "assistant",
          content: "hello <think>a</think>",
          reasoning_content: "hm",
          refusal: "no",
          annotations: [
            { type: "url_citation", url_citation: { url: "https://e.com", title: "t", start_index: 0, end_index: 2 } },
          ],
          tool_calls: [{ id: "call_1", type: "function", function: { name: "look_up", arguments: '{"a":1}' } }],
        },
        finish_reason: "stop",
      },
    ],
    usage: { prompt_tokens: 1, completion_tokens: 2 },
  },
  messages: {
    id: "msg_1",
    type: "message",
    role: "assistant",
    model: "m",
    content: [
      { type: "thinking", thinking: "hm", signature: "c2ln" },
      {
        type: "text",
        text: "ok",
        citations: [
          { type: "web_search_result_location", url: "https://e", title: "t", cited_text: "ok", encrypted_index: "x" },
        ],
      },
      { type: "tool_use", id: "toolu_1", name: "look_up", input: { a_b: "c" } },
    ],
    stop_reason: "stop_sequence",
    stop_sequence: "END",
    usage: { input_tokens: 1, output_tokens: 2 },
  },
  responses: {
    id: "resp_1",
    object: "response",
    model: "m",
    status: "completed",
    output: [
      { type: "reasoning", id: "rs_1", summary: [{ type: "summary_text", text: "hm" }], encrypted_content: "ZW5j" },
      {
        type: "message",
        id: "msg_1",
        role: "assistant",
        status: "completed",
        content: [
          {
            type: "output_text",
            text: "ok",
            annotations: [{ type: "url_citation", url: "https://e", title: "t", start_index: 0, end_index: 1 }],
          },
        ],
      },
      { type: "function_call", id: "fc_1", call_id: "call_1", name: "look_up", arguments: "{}", status: "completed" },
    ],
    usage: { input_tokens: 1, output_tokens: 2 },
  },
  generate: {
    responseId: "r",
    modelVersion: "m",
    candidates: [
      {
        content: {
          role: "model",
          parts: [
            { text: "hm", thought: true, thoughtSignature: "c2ln" },
            { text: "ok there" },
            { functionCall: { id: "c1", name: "look_up", args: { a_b: "c" } } },
          ],
        },
        finishReason: "STOP",
        finishMessage: "m",
        groundingMetadata: {
          groundingChunks: [{ web: { uri: "https://e", title: "t" } }],
          groundingSupports: [{ segment: { startIndex: 0, endIndex: 2, text: "ok" }, groundingChunkIndices: [0] }],
        },
      },
    ],
    usageMetadata: { promptTokenCount: 1, candidatesTokenCount: 2 },
  },
  cohere: {
    id: "i",
    message: {
      role: "assistant",
      tool_plan: "plan",
      content: [
        { type: "thinking", thinking: "hm" },
        { type: "text", text: "ok there" },
      ],
      tool_calls: [{ id: "c1", type: "function", function: { name: "look_up", arguments: "{}" } }],
      citations: [
        {
          start: 0,
          end: 2,
          text: "ok",
          sources: [{ type: "document", id: "d", document: { title: "t", url: "https://e" } }],
        },
      ],
    },
    finish_reason: "COMPLETE",
    usage: { tokens: { input_tokens: 1, output_tokens: 2 } },
  },
  converse: {
    output: {
      message: {
        role: "assistant",
        content: [
          { reasoningContent: { reasoningText: { text: "hm", signature: "c2ln" } } },
          { text: "ok" },
          { toolUse: { toolUseId: "t1", name: "look_up", input: { a_b: "c" } } },
        ],
      },
    },
    stopReason: "end_turn",
    usage: { inputTokens: 1, outputTokens: 2 },
  },
};
