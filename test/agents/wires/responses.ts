import type { Step } from "../step.ts";
import { type Ask, countRuns, halves, namesOf, objectsOf, type ScriptedWire, stream } from "./wire.ts";

type Item = Readonly<Record<string, unknown>> & { readonly type: string; readonly id: string };

function itemsOf(step: Step, { id, round }: Ask): readonly Item[] {
  const status = "completed";
  const content = [{ type: "output_text", text: step.text, annotations: [], logprobs: [] }];
  const summary = [{ type: "summary_text", text: step.thinking }];
  return [
    ...(step.thinking === undefined
      ? []
      : [{ id: `rs_${id}`, type: "reasoning", summary, encrypted_content: `ENCRYPTED${id}==`, status }]),
    ...(step.text === undefined ? [] : [{ id: `msg_${id}`, type: "message", role: "assistant", status, content }]),
    ...(step.calls ?? []).map(({ name, args, custom }, index) => {
      const called = { call_id: `call_${id}_${index}`, name, status };
      return round.custom.includes(name)
        ? { id: `ctc_${id}_${index}`, type: "custom_tool_call", ...called, input: custom ?? "" }
        : { id: `fc_${id}_${index}`, type: "function_call", ...called, arguments: JSON.stringify(args) };
    }),
  ];
}

/** The events of one item, which has nothing in it at first. */
function eventsOf(item: Item, step: Step, index: number): readonly { readonly type: string }[] {
  const at = { item_id: item.id, output_index: index };
  const added = (members: object) => ({
    ...{ type: "response.output_item.added", output_index: index },
    item: { ...item, ...members, status: "in_progress" },
  });
  const done = { type: "response.output_item.done", output_index: index, item };
  const pieces = (type: string, text: string, where: object = at) =>
    halves(text).map((delta) => ({ type: `${type}.delta`, ...where, delta }));
  switch (item.type) {
    case "reasoning": {
      const part = { ...at, summary_index: 0 };
      const text = step.thinking ?? "";
      return [
        added({ summary: [], encrypted_content: null }),
        { type: "response.reasoning_summary_part.added", ...part, ...{ part: { type: "summary_text", text: "" } } },
        ...pieces("response.reasoning_summary_text", text, part),
        { type: "response.reasoning_summary_text.done", ...part, ...{ text } },
        { type: "response.reasoning_summary_part.done", ...part, ...{ part: { type: "summary_text", text } } },
        done,
      ];
    }
    case "message": {
      const part = { ...at, content_index: 0 };
      const text = step.text ?? "";
      const written = { type: "output_text", text, annotations: [] };
      return [
        added({ content: [] }),
        { type: "response.content_part.added", ...part, ...{ part: { ...written, text: "" } } },
        ...pieces("response.output_text", text, part),
        { type: "response.output_text.done", ...part, ...{ text } },
        { type: "response.content_part.done", ...part, ...{ part: written } },
        done,
      ];
    }
    case "function_call": {
      const text = String(item["arguments"]);
      const type = "response.function_call_arguments";
      return [
        added({ arguments: "" }),
        ...pieces(type, text),
        { type: `${type}.done`, ...at, ...{ arguments: text } },
        done,
      ];
    }
    default: {
      const input = String(item["input"]);
      const type = "response.custom_tool_call_input";
      return [added({ input: "" }), ...pieces(type, input), { type: `${type}.done`, ...at, ...{ input } }, done];
    }
  }
}

/** OpenAI's Responses. */
export const RESPONSES_WIRE: ScriptedWire = {
  matches: (path) => path.endsWith("/responses"),
  read: (body) => {
    const tools = objectsOf(body["tools"]);
    const isCall = ({ type }: Readonly<Record<string, unknown>>) => String(type).endsWith("call");
    return {
      tools: namesOf(tools.map(({ name, type }) => name ?? type)),
      custom: namesOf(tools.filter(({ type }) => type === "custom").map(({ name }) => name)),
      callsBefore: countRuns(objectsOf(body["input"]), isCall),
    };
  },
  play(step, ask) {
    const output = itemsOf(step, ask);
    const usage = {
      ...{ input_tokens: 1000 + ask.id, output_tokens: 50, total_tokens: 1050 + ask.id },
      input_tokens_details: { cached_tokens: 100 },
      output_tokens_details: { reasoning_tokens: 10 },
    };
    const response = {
      ...{ id: `resp_${ask.id}`, object: "response", created_at: 1, model: "m", status: "completed" },
      ...{ error: null, incomplete_details: null, parallel_tool_calls: true, tool_choice: "auto", tools: [] },
      ...{ output, usage },
    };
    if (ask.body["stream"] !== true) return Response.json(response);
    const begun = { ...response, status: "in_progress", output: [], usage: null };
    const events = [
      { type: "response.created", response: begun },
      { type: "response.in_progress", response: begun },
      ...output.flatMap((item, index) => eventsOf(item, step, index)),
      { type: "response.completed", response },
    ];
    return stream(
      events.map((event, sequence) => ({ name: event.type, data: { ...event, sequence_number: sequence } })),
    );
  },
};
