import type { Completion } from "./build-completion.ts";

/** Code points of a tool call's arguments in one event. */
const ARGUMENT_PIECE_LENGTH = 12;

/** One server-sent event, written out, and whether a person should see a pause before it. */
export interface StreamEvent {
  readonly text: string;
  readonly paced: boolean;
}

/**
 * Writes a completion as the events of a stream, one by one, in OpenAI's shape: the role, the words or the pieces of a tool
 * call, the reason of the end, the usage if it was asked for, `[DONE]`.
 */
export function* writeEvents(completion: Completion, includeUsage: boolean): Generator<StreamEvent, void> {
  const { id, created, model, words, toolCall, finishReason, usage } = completion;
  const write = (choices: readonly object[], counted: object | null): string => {
    const chunk = { id, object: "chat.completion.chunk", created, model, choices };
    return `data: ${JSON.stringify(includeUsage ? { ...chunk, usage: counted } : chunk)}\n\n`;
  };
  const writeDelta = (delta: object, reason: string | null = null): string =>
    write([{ index: 0, delta, logprobs: null, finish_reason: reason }], null);

  yield { text: writeDelta({ role: "assistant", content: toolCall === undefined ? "" : null }), paced: false };
  for (const content of words) yield { text: writeDelta({ content }), paced: true };
  if (toolCall !== undefined) {
    const named = { name: toolCall.name, arguments: "" };
    yield {
      text: writeDelta({ tool_calls: [{ index: 0, id: toolCall.id, type: "function", function: named }] }),
      paced: true,
    };
    const characters = [...toolCall.arguments];
    for (let start = 0; start < characters.length; start += ARGUMENT_PIECE_LENGTH) {
      const piece = characters.slice(start, start + ARGUMENT_PIECE_LENGTH).join("");
      yield { text: writeDelta({ tool_calls: [{ index: 0, function: { arguments: piece } }] }), paced: true };
    }
  }
  yield { text: writeDelta({}, finishReason), paced: false };
  if (includeUsage) yield { text: write([], usage), paced: false };
  yield { text: "data: [DONE]\n\n", paced: false };
}
