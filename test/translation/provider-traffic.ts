import { eventFrame, eventStream } from "../fixtures/aws-event-stream.ts";
import { dataEvent, json, sse } from "../fixtures/answers.ts";
import type { Step } from "../fixtures/script.ts";
import type { Wire } from "../../src/formats/wires.ts";

/** What the model says in each of these answers: a text, and a call of a tool. */
export const TEXT = "Hello é😀";
export const CALL = { id: "call_1", name: "get_weather", input: { city: "Paris" } };
export const USAGE = { input: 20, output: 7, cached: 5 };

const ARGUMENTS = JSON.stringify(CALL.input);

const CHAT_USAGE = {
  prompt_tokens: USAGE.input,
  completion_tokens: USAGE.output,
  total_tokens: USAGE.input + USAGE.output,
  prompt_tokens_details: { cached_tokens: USAGE.cached },
};

const MESSAGES_USAGE = {
  input_tokens: USAGE.input - USAGE.cached,
  cache_read_input_tokens: USAGE.cached,
  cache_creation_input_tokens: 0,
  output_tokens: USAGE.output,
};

const GENERATE_USAGE = {
  promptTokenCount: USAGE.input,
  cachedContentTokenCount: USAGE.cached,
  candidatesTokenCount: USAGE.output - 2,
  thoughtsTokenCount: 2,
  totalTokenCount: USAGE.input + USAGE.output,
};

const RESPONSES_USAGE = {
  input_tokens: USAGE.input,
  input_tokens_details: { cached_tokens: USAGE.cached },
  output_tokens: USAGE.output,
  output_tokens_details: { reasoning_tokens: 0 },
  total_tokens: USAGE.input + USAGE.output,
};

const CONVERSE_USAGE = {
  inputTokens: USAGE.input - USAGE.cached,
  outputTokens: USAGE.output,
  totalTokens: USAGE.input + USAGE.output,
  cacheReadInputTokens: USAGE.cached,
  cacheWriteInputTokens: 0,
};

const COHERE_USAGE = {
  billed_units: { input_tokens: 3, output_tokens: 4 },
  tokens: { input_tokens: USAGE.input, output_tokens: USAGE.output },
  cached_tokens: USAGE.cached,
};

const RESPONSE = {
  id: "resp_up",
  object: "response",
  created_at: 1,
  model: "up",
  parallel_tool_calls: true,
  tool_choice: "auto",
  tools: [],
  error: null,
  incomplete_details: null,
};

const MESSAGE_ITEM = {
  id: "msg_up",
  type: "message",
  role: "assistant",
  status: "completed",
  content: [{ type: "output_text", text: TEXT, annotations: [] }],
};
const CALL_ITEM = { id: "fc_up", type: "function_call", call_id: CALL.id, name: CALL.name, arguments: ARGUMENTS };

const WHOLE: Readonly<Record<Wire, object>> = {
  chat: {
    id: "chatcmpl-up",
    object: "chat.completion",
    created: 1,
    model: "up",
    choices: [
      {
        index: 0,
        finish_reason: "tool_calls",
        message: {
          role: "assistant",
          content: TEXT,
          tool_calls: [{ id: CALL.id, type: "function", function: { name: CALL.name, arguments: ARGUMENTS } }],
        },
      },
    ],
    usage: CHAT_USAGE,
  },
  messages: {
    id: "msg_up",
    type: "message",
    role: "assistant",
    model: "up",
    content: [
      { type: "text", text: TEXT },
      { type: "tool_use", id: CALL.id, name: CALL.name, input: CALL.input },
    ],
    stop_reason: "tool_use",
    stop_sequence: null,
    usage: MESSAGES_USAGE,
  },
  generate: {
    candidates: [
      {
        index: 0,
        content: {
          role: "model",
          parts: [{ text: TEXT }, { functionCall: { id: CALL.id, name: CALL.name, args: CALL.input } }],
        },
        finishReason: "STOP",
      },
    ],
    usageMetadata: GENERATE_USAGE,
    modelVersion: "up",
    responseId: "gen_up",
  },
  responses: {
    ...RESPONSE,
    status: "completed",
    output: [MESSAGE_ITEM, { ...CALL_ITEM, status: "completed" }],
    usage: RESPONSES_USAGE,
  },
  converse: {
    output: {
      message: {
        role: "assistant",
        content: [{ text: TEXT }, { toolUse: { toolUseId: CALL.id, name: CALL.name, input: CALL.input } }],
      },
    },
    stopReason: "tool_use",
    usage: CONVERSE_USAGE,
    metrics: { latencyMs: 1 },
  },
  cohere: {
    id: "up",
    finish_reason: "TOOL_CALL",
    message: {
      role: "assistant",
      tool_plan: TEXT,
      tool_calls: [{ id: CALL.id, type: "function", function: { name: CALL.name, arguments: ARGUMENTS } }],
    },
    usage: COHERE_USAGE,
  },
};

const chunkOf = (delta: object, finish: string | null = null): string =>
  dataEvent({
    id: "chatcmpl-up",
    object: "chat.completion.chunk",
    created: 1,
    model: "up",
    choices: [{ index: 0, delta, finish_reason: finish }],
  });

const generated = (parts: readonly object[], finishReason?: string): string =>
  dataEvent({
    candidates: [{ index: 0, content: { role: "model", parts }, ...(finishReason && { finishReason }) }],
    usageMetadata: GENERATE_USAGE,
    modelVersion: "up",
    responseId: "gen_up",
  });

const named = (data: { readonly type: string }): string => dataEvent(data, data.type);

const numbered = (events: readonly { readonly type: string }[]): string[] =>
  events.map((event, index) => named({ ...event, sequence_number: index } as { readonly type: string }));

const PIECES = [TEXT.slice(0, 3), TEXT.slice(3)];
const ARGUMENT_PIECES = [ARGUMENTS.slice(0, 4), ARGUMENTS.slice(4)];

export const STREAMS: Readonly<Record<Wire, readonly (string | Uint8Array)[]>> = {
  chat: [
    chunkOf({ role: "assistant", content: "" }),
    ...PIECES.map((content) => chunkOf({ content })),
    chunkOf({
      tool_calls: [{ index: 0, id: CALL.id, type: "function", function: { name: CALL.name, arguments: "" } }],
    }),
    ...ARGUMENT_PIECES.map((text) => chunkOf({ tool_calls: [{ index: 0, function: { arguments: text } }] })),
    chunkOf({}, "tool_calls"),
    dataEvent({
      id: "chatcmpl-up",
      object: "chat.completion.chunk",
      created: 1,
      model: "up",
      choices: [],
      usage: CHAT_USAGE,
    }),
    dataEvent("[DONE]"),
  ],
  messages: [
    {
      type: "message_start",
      message: {
        ...WHOLE.messages,
        content: [],
        stop_reason: null,
        usage: { ...MESSAGES_USAGE, output_tokens: 1 },
      },
    },
    { type: "ping" },
    { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
    ...PIECES.map((text) => ({ type: "content_block_delta", index: 0, delta: { type: "text_delta", text } })),
    { type: "content_block_stop", index: 0 },
    {
      type: "content_block_start",
      index: 1,
      content_block: { type: "tool_use", id: CALL.id, name: CALL.name, input: {} },
    },
    ...ARGUMENT_PIECES.map((text) => ({
      type: "content_block_delta",
      index: 1,
      delta: { type: "input_json_delta", partial_json: text },
    })),
    { type: "content_block_stop", index: 1 },
    {
      type: "message_delta",
      delta: { stop_reason: "tool_use", stop_sequence: null },
      usage: { output_tokens: USAGE.output },
    },
    { type: "message_stop" },
  ].map(named),
  generate: [
    ...PIECES.map((text) => generated([{ text }])),
    generated([{ functionCall: { id: CALL.id, name: CALL.name, args: CALL.input } }]),
    generated([{ text: "", thoughtSignature: "U0lH" }], "STOP"),
  ],
  responses: numbered([
    { type: "response.created", response: { ...RESPONSE, status: "in_progress", output: [] } } as { type: string },
    { type: "response.output_item.added", output_index: 0, item: { ...MESSAGE_ITEM, content: [] } } as { type: string },
    {
      type: "response.content_part.added",
      ...{ item_id: "msg_up", output_index: 0, content_index: 0, part: { type: "output_text", text: "" } },
    },
    ...PIECES.map((delta) => ({
      type: "response.output_text.delta",
      ...{ item_id: "msg_up", output_index: 0, content_index: 0, delta },
    })),
    {
      type: "response.output_text.done",
      ...{ item_id: "msg_up", output_index: 0, content_index: 0, text: TEXT },
    },
    { type: "response.output_item.done", ...{ output_index: 0, item: MESSAGE_ITEM } },
    { type: "response.output_item.added", ...{ output_index: 1, item: { ...CALL_ITEM, arguments: "" } } },
    ...ARGUMENT_PIECES.map((delta) => ({
      type: "response.function_call_arguments.delta",
      ...{ item_id: "fc_up", output_index: 1, delta },
    })),
    {
      type: "response.function_call_arguments.done",
      ...{ item_id: "fc_up", output_index: 1, arguments: ARGUMENTS },
    },
    { type: "response.output_item.done", ...{ output_index: 1, item: CALL_ITEM } },
    { type: "response.completed", ...{ response: WHOLE.responses } },
  ]),
  converse: [
    eventFrame("messageStart", { role: "assistant" }),
    ...PIECES.map((text) => eventFrame("contentBlockDelta", { contentBlockIndex: 0, delta: { text } })),
    eventFrame("contentBlockStop", { contentBlockIndex: 0 }),
    eventFrame("contentBlockStart", {
      contentBlockIndex: 1,
      start: { toolUse: { toolUseId: CALL.id, name: CALL.name } },
    }),
    ...ARGUMENT_PIECES.map((input) =>
      eventFrame("contentBlockDelta", { contentBlockIndex: 1, delta: { toolUse: { input } } }),
    ),
    eventFrame("contentBlockStop", { contentBlockIndex: 1 }),
    eventFrame("messageStop", { stopReason: "tool_use" }),
    eventFrame("metadata", { usage: CONVERSE_USAGE, metrics: { latencyMs: 1 } }),
  ],
  cohere: [
    { type: "message-start", id: "up", delta: { message: { role: "assistant", content: [], tool_calls: [] } } },
    ...PIECES.map((tool_plan) => ({ type: "tool-plan-delta", delta: { message: { tool_plan } } })),
    {
      type: "tool-call-start",
      index: 0,
      delta: {
        message: { tool_calls: { id: CALL.id, type: "function", function: { name: CALL.name, arguments: "" } } },
      },
    },
    ...ARGUMENT_PIECES.map((text) => ({
      type: "tool-call-delta",
      index: 0,
      delta: { message: { tool_calls: { function: { arguments: text } } } },
    })),
    { type: "tool-call-end", index: 0 },
    { type: "message-end", delta: { finish_reason: "TOOL_CALL", usage: COHERE_USAGE } },
  ].map(named),
};

/** The answer of a provider of that API: text and call, whole or as a stream. */
export function answerOf(wire: Wire, streams: boolean): Step[] {
  if (!streams) return json(200, WHOLE[wire]);
  return wire === "converse" ? eventStream(STREAMS[wire]) : sse(STREAMS[wire]);
}
