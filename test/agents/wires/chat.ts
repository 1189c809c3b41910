import { isJsonObject } from "../../../src/core/json/parse.ts";
import { halves, namesOf, objectsOf, type ScriptedWire, stream } from "./wire.ts";

const functionOf = (tool: Readonly<Record<string, unknown>>) =>
  isJsonObject(tool["function"]) ? tool["function"] : tool;

/** OpenAI's Chat Completions, with two calls whose arguments come interleaved. */
export const CHAT_WIRE: ScriptedWire = {
  matches: (path) => path.endsWith("/chat/completions"),
  read: (body) => ({
    tools: namesOf(objectsOf(body["tools"]).map((tool) => functionOf(tool)["name"])),
    custom: [],
    callsBefore: objectsOf(body["messages"]).filter(({ tool_calls: calls }) => objectsOf(calls).length > 0).length,
  }),
  play(step, { body, id }) {
    const usage = {
      ...{ prompt_tokens: 1000 + id, completion_tokens: 50, total_tokens: 1050 + id },
      prompt_tokens_details: { cached_tokens: 100 },
      completion_tokens_details: { reasoning_tokens: 10 },
    };
    const calls = (step.calls ?? []).map(({ name, args }, index) => ({
      id: `call_${id}_${index}`,
      type: "function",
      function: { name, arguments: JSON.stringify(args) },
    }));
    const finish = calls.length > 0 ? "tool_calls" : "stop";
    if (body["stream"] !== true) {
      const message = {
        ...{ role: "assistant", content: step.text ?? null },
        ...(step.thinking !== undefined && { reasoning_content: step.thinking }),
        ...(calls.length > 0 && { tool_calls: calls }),
      };
      const choices = [{ index: 0, message, finish_reason: finish }];
      return Response.json({
        ...{ id: `chatcmpl-${id}`, object: "chat.completion", created: 1, model: "m" },
        ...{ choices, usage },
      });
    }
    const base = { id: `chatcmpl-${id}`, object: "chat.completion.chunk", created: 1, model: "m" };
    const chunk = (delta: object, reason: string | null = null) => ({
      data: { ...base, choices: [{ index: 0, delta, finish_reason: reason }] },
    });
    const argumentsOf = calls.map((call) => halves(call.function.arguments));
    const options = body["stream_options"];
    return stream([
      chunk({ role: "assistant", content: "" }),
      ...halves(step.thinking ?? "").map((piece) => chunk({ reasoning_content: piece })),
      ...halves(step.text ?? "").map((piece) => chunk({ content: piece })),
      ...calls.map((call, index) =>
        chunk({ tool_calls: [{ ...call, index, function: { name: call.function.name, arguments: "" } }] }),
      ),
      ...[0, 1].flatMap((half) =>
        argumentsOf.map((pieces, index) =>
          chunk({ tool_calls: [{ index, function: { arguments: pieces[half] ?? "" } }] }),
        ),
      ),
      chunk({}, finish),
      ...(isJsonObject(options) && options["include_usage"] === true
        ? [{ data: { ...base, choices: [], usage } }]
        : []),
      { data: "[DONE]" },
    ]);
  },
};
