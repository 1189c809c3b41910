import { isJsonObject } from "../../../src/core/json/parse.ts";
import type { Step } from "../step.ts";
import { type Ask, halves, namesOf, objectsOf, type ScriptedWire, stream } from "./wire.ts";

type Block =
  | { readonly type: "thinking"; readonly thinking: string; readonly signature: string }
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "tool_use"; readonly id: string; readonly name: string; readonly input: unknown };

function blocksOf(step: Step, { body, id }: Ask): readonly Block[] {
  const { thinking } = body;
  const thinks = isJsonObject(thinking) && thinking["type"] !== "disabled";
  return [
    ...(step.thinking !== undefined && thinks
      ? [{ type: "thinking", thinking: step.thinking, signature: `SIGNATURE${id}==` } as const]
      : []),
    ...(step.text === undefined ? [] : [{ type: "text", text: step.text } as const]),
    ...(step.calls ?? []).map(
      ({ name, args }, index) => ({ type: "tool_use", id: `toolu_${id}_${index}`, name, input: args }) as const,
    ),
  ];
}

/** How a block begins, and what is added to it. */
function eventsOf(block: Block): readonly [start: object, deltas: readonly object[]] {
  switch (block.type) {
    case "thinking":
      return [
        { ...block, thinking: "", signature: "" },
        [
          ...halves(block.thinking).map((piece) => ({ type: "thinking_delta", thinking: piece })),
          { type: "signature_delta", signature: block.signature },
        ],
      ];
    case "text":
      return [{ ...block, text: "" }, halves(block.text).map((piece) => ({ type: "text_delta", text: piece }))];
    case "tool_use":
      return [
        { ...block, input: {} },
        halves(JSON.stringify(block.input)).map((piece) => ({ type: "input_json_delta", partial_json: piece })),
      ];
  }
}

/** Anthropic's Messages. */
export const MESSAGES_WIRE: ScriptedWire = {
  matches: (path) => path.endsWith("/messages"),
  read: (body) => ({
    tools: namesOf(objectsOf(body["tools"]).map(({ name, type }) => name ?? type)),
    custom: [],
    callsBefore: objectsOf(body["messages"]).filter(
      ({ role, content }) => role === "assistant" && objectsOf(content).some(({ type }) => type === "tool_use"),
    ).length,
  }),
  play(step, ask) {
    const content = blocksOf(step, ask);
    const usage = {
      ...{ input_tokens: 900 + ask.id, cache_read_input_tokens: 100, cache_creation_input_tokens: 0 },
      output_tokens: 50,
    };
    const stop = { stop_reason: step.calls ? "tool_use" : "end_turn", stop_sequence: null };
    const message = { id: `msg_${ask.id}`, type: "message", role: "assistant", model: "m", content, ...stop, usage };
    if (ask.body["stream"] !== true) return Response.json(message);
    const event = <Data extends { readonly type: string }>(data: Data) => ({ name: data.type, data });
    return stream([
      event({ type: "message_start", message: { ...message, content: [], stop_reason: null } }),
      event({ type: "ping" }),
      ...content.flatMap((block, index) => {
        const [start, deltas] = eventsOf(block);
        return [
          event({ type: "content_block_start", index, content_block: start }),
          ...deltas.map((delta) => event({ type: "content_block_delta", index, delta })),
          event({ type: "content_block_stop", index }),
        ];
      }),
      event({ type: "message_delta", delta: stop, usage: { output_tokens: 50 } }),
      event({ type: "message_stop" }),
    ]);
  },
};
