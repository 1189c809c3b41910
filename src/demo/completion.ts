/**
 * `created` of everything that the demo provider makes: 2025-01-01T00:00:00Z, fixed so that answers repeat byte for
 * byte.
 */
export const CREATED_SECONDS = 1_735_689_600;

/** A finished answer, before it is written as one body or as a stream. */
export interface Completion {
  readonly id: string;
  readonly model: string;
  /** The words of the answer, each with the white space behind it; unused if a tool is called. */
  readonly words: readonly string[];
  readonly call: { readonly id: string; readonly name: string; readonly arguments: string } | undefined;
  readonly finishReason: "stop" | "length" | "tool_calls";
  readonly usage: { readonly prompt_tokens: number; readonly completion_tokens: number; readonly total_tokens: number };
}

/** A completion as the one JSON object of an answer that is not streamed, in OpenAI's shape. */
export function toJson({ id, model, words, call, finishReason, usage }: Completion): object {
  const calls = call && [{ id: call.id, type: "function", function: { name: call.name, arguments: call.arguments } }];
  const content = call ? null : words.join("");
  const message = { role: "assistant", content, refusal: null, ...(calls && { tool_calls: calls }) };
  const choices = [{ index: 0, message, logprobs: null, finish_reason: finishReason }];
  return { id, object: "chat.completion", created: CREATED_SECONDS, model, choices, usage };
}

/** A completion as the events of a stream, in OpenAI's shape. */
export function toEvents(
  { id, model, words, call, finishReason, usage }: Completion,
  includesUsage: boolean,
): string[] {
  const write = (choices: readonly object[], used: object | null): string => {
    const chunk = { id, object: "chat.completion.chunk", created: CREATED_SECONDS, model, choices };
    return `data: ${JSON.stringify(includesUsage ? { ...chunk, usage: used } : chunk)}\n\n`;
  };
  const delta = (value: object, reason: string | null = null): string =>
    write([{ index: 0, delta: value, logprobs: null, finish_reason: reason }], null);
  const begun = call && { index: 0, id: call.id, type: "function", function: { name: call.name, arguments: "" } };
  const pieces = call?.arguments.match(/.{1,12}/gsu) ?? [];
  return [
    delta({ role: "assistant", content: call ? null : "" }),
    ...(begun ? [delta({ tool_calls: [begun] })] : words.map((content) => delta({ content }))),
    ...pieces.map((piece) => delta({ tool_calls: [{ index: 0, function: { arguments: piece } }] })),
    delta({}, finishReason),
    ...(includesUsage ? [write([], usage)] : []),
    "data: [DONE]\n\n",
  ];
}
