import type { Completion } from "./completion.ts";

const event = (value: { readonly type: string }): string => `event: ${value.type}\ndata: ${JSON.stringify(value)}\n\n`;

/** A completion as a message in Anthropic's shape. https://docs.anthropic.com/en/api/messages */
export function toMessage({ id, model, words, finishReason, usage }: Completion) {
  return {
    id: id.replace("chatcmpl", "msg"),
    type: "message" as const,
    role: "assistant",
    model,
    content: [{ type: "text", text: words.join("") }],
    stop_reason: finishReason === "length" ? "max_tokens" : "end_turn",
    stop_sequence: null,
    usage: { input_tokens: usage.prompt_tokens, output_tokens: usage.completion_tokens },
  };
}

/** A completion as the events of a stream of Anthropic's. https://docs.anthropic.com/en/api/messages-streaming */
export function toMessageEvents(completion: Completion): string[] {
  const { stop_reason, stop_sequence, usage, ...message } = toMessage(completion);
  const start = { ...message, content: [], stop_reason: null, stop_sequence, usage: { ...usage, output_tokens: 0 } };
  return [
    event({ type: "message_start", ...{ message: start } }),
    event({ type: "content_block_start", ...{ index: 0, content_block: { type: "text", text: "" } } }),
    ...completion.words.map((text) =>
      event({ type: "content_block_delta", ...{ index: 0, delta: { type: "text_delta", text } } }),
    ),
    event({ type: "content_block_stop", ...{ index: 0 } }),
    event({ type: "message_delta", ...{ delta: { stop_reason, stop_sequence }, usage } }),
    event({ type: "message_stop" }),
  ];
}
