import { type Completion, CREATED_SECONDS } from "./completion.ts";

/** A completion as a response in OpenAI's shape. https://platform.openai.com/docs/api-reference/responses/object */
export function toResponse({ id, model, words, finishReason, usage }: Completion) {
  const content = [{ type: "output_text", text: words.join(""), annotations: [] }];
  const isCut = finishReason === "length";
  const status = isCut ? "incomplete" : "completed";
  return {
    id: id.replace("chatcmpl", "resp"),
    object: "response",
    created_at: CREATED_SECONDS,
    status,
    error: null,
    incomplete_details: isCut ? { reason: "max_output_tokens" } : null,
    model,
    output: [{ type: "message", id: id.replace("chatcmpl", "msg"), role: "assistant", status, content }],
    parallel_tool_calls: true,
    tool_choice: "auto",
    tools: [],
    usage: {
      input_tokens: usage.prompt_tokens,
      output_tokens: usage.completion_tokens,
      total_tokens: usage.total_tokens,
    },
  };
}

/** A completion as a conversation that was made shorter. https://platform.openai.com/docs/api-reference/responses/compact */
export function toCompaction(completion: Completion) {
  const { id, output, usage } = toResponse(completion);
  return { id, object: "response.compaction", created_at: CREATED_SECONDS, output, usage };
}

/** A completion as the count of its input. https://platform.openai.com/docs/api-reference/responses/input-tokens */
export function toInputTokens({ usage }: Completion) {
  return { object: "response.input_tokens", input_tokens: usage.prompt_tokens };
}

/** A completion as the events of a stream of responses. https://platform.openai.com/docs/api-reference/responses-streaming */
export function toResponseEvents(completion: Completion): string[] {
  const response = toResponse(completion);
  const [item] = response.output;
  const begun = { ...response, status: "in_progress", incomplete_details: null, output: [], usage: null };
  const place = { item_id: item?.id, output_index: 0, content_index: 0 };
  const part = { type: "output_text", text: "", annotations: [] };
  const text = completion.words.join("");
  const events: readonly { readonly type: string; readonly [member: string]: unknown }[] = [
    { type: "response.created", response: begun },
    { type: "response.in_progress", response: begun },
    { type: "response.output_item.added", output_index: 0, item: { ...item, status: "in_progress", content: [] } },
    { type: "response.content_part.added", ...place, part },
    ...completion.words.map((delta) => ({ type: "response.output_text.delta", ...place, delta, logprobs: [] })),
    { type: "response.output_text.done", ...place, text, logprobs: [] },
    { type: "response.content_part.done", ...place, part: { ...part, text } },
    { type: "response.output_item.done", output_index: 0, item },
    { type: `response.${response.status}`, response },
  ];
  return events.map(
    (event, index) => `event: ${event.type}\ndata: ${JSON.stringify({ ...event, sequence_number: index })}\n\n`,
  );
}
