import { dataEvent, json, sse } from "../fixtures/answers.ts";
import type { Step } from "../fixtures/script.ts";

/** A call of the gateway's tool, in each of the APIs. */
export const CALLS = {
  chat(streams: boolean): Step[] {
    const call = { id: "call_1", type: "function", function: { name: "mcp_add", arguments: "{}" } };
    const base = { id: "c0", created: 1, model: "m" };
    if (streams) {
      const delta = { role: "assistant", tool_calls: [{ index: 0, ...call }] };
      return sse([
        dataEvent({ ...base, object: "chat.completion.chunk", choices: [{ index: 0, delta, finish_reason: null }] }),
        dataEvent({ ...base, choices: [{ index: 0, delta: {}, finish_reason: "tool_calls" }] }),
        dataEvent("[DONE]"),
      ]);
    }
    const message = { role: "assistant", content: null, tool_calls: [call] };
    const choices = [{ index: 0, message, finish_reason: "tool_calls" }];
    return json(200, { ...base, object: "chat.completion", choices, usage: USED });
  },
  messages(streams: boolean): Step[] {
    const call = { type: "tool_use", id: "call_1", name: "mcp_add", input: {} };
    const message = { id: "m0", type: "message", role: "assistant", model: "m", stop_reason: null };
    const usage = { input_tokens: 7, output_tokens: 1 };
    if (!streams) return json(200, { ...message, content: [call], stop_reason: "tool_use", usage });
    const typed = (data: { readonly type: string } & Record<string, unknown>) => dataEvent(data, data.type);
    return sse([
      typed({ type: "message_start", message: { ...message, content: [], usage } }),
      typed({ type: "content_block_start", index: 0, content_block: call }),
      typed({ type: "content_block_stop", index: 0 }),
      typed({ type: "message_delta", delta: { stop_reason: "tool_use" }, usage: { output_tokens: 1 } }),
      typed({ type: "message_stop" }),
    ]);
  },
  responses(streams: boolean): Step[] {
    const call = { type: "function_call", id: "fc_1", call_id: "call_1", name: "mcp_add", arguments: "{}" };
    const done = { ...call, status: "completed" };
    const response = { id: "r0", object: "response", created_at: 1, status: "in_progress", model: "m", output: [] };
    const usage = { input_tokens: 7, output_tokens: 1, total_tokens: 8 };
    const completed = { ...response, status: "completed", output: [done], usage };
    if (!streams) return json(200, completed);
    const typed = (data: { readonly type: string } & Record<string, unknown>) => dataEvent(data, data.type);
    const item = { ...call, arguments: "", status: "in_progress" };
    const place = { item_id: "fc_1", output_index: 0 };
    return sse([
      typed({ type: "response.created", sequence_number: 0, response }),
      typed({ type: "response.output_item.added", sequence_number: 1, output_index: 0, item }),
      typed({ type: "response.function_call_arguments.delta", sequence_number: 2, ...place, delta: "{}" }),
      typed({ type: "response.function_call_arguments.done", sequence_number: 3, ...place, arguments: "{}" }),
      typed({ type: "response.output_item.done", sequence_number: 4, output_index: 0, item: done }),
      typed({ type: "response.completed", sequence_number: 5, response: completed }),
    ]);
  },
  generate(streams: boolean): Step[] {
    const parts = [{ functionCall: { name: "mcp_add", args: {} } }];
    const answer = {
      candidates: [{ content: { role: "model", parts }, index: 0, finishReason: "STOP" }],
      usageMetadata: { promptTokenCount: 7, candidatesTokenCount: 1, totalTokenCount: 8 },
    };
    return streams ? sse([dataEvent(answer)]) : json(200, answer);
  },
} as const;

const USED = { prompt_tokens: 7, completion_tokens: 1, total_tokens: 8 };
