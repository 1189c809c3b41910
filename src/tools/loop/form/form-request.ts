import type { Block } from "../../../formats/form/blocks.ts";
import type { Conversation, Tool, ToolChoice, Turn } from "../../../formats/form/conversation.ts";
import { CannotTranslate, type Note } from "../../../formats/form/dialect.ts";
import { Failure } from "../../../core/errors.ts";
import { toJson } from "../../../core/json/bytes.ts";
import { type RequestTranslation, writeConversation } from "../../../pipeline/translate/translate-request.ts";
import type { GrowingRequest } from "../growing-request.ts";
import type { ToolResult } from "../run-tools.ts";
import { isErrorText } from "../../mcp/tool-result.ts";

/** A request that grows by turns of the form. */
export interface FormRequest extends GrowingRequest<ToolChoice> {
  /** Adds what the assistant said, and the results of its calls. */
  add(said: readonly Block[], results: readonly ToolResult[]): void;
  /** What could not be said of it, once it was written. */
  notes(): readonly Note[];
}

/**
 * A request that is written anew in the provider's API for each step.
 * @param tools those of the gateway
 * @param weight how many bytes the conversation holds
 */
export function openWrittenRequest(
  conversation: Conversation,
  tools: readonly Tool[],
  translation: RequestTranslation,
  weight: number,
): FormRequest {
  const turns = [...conversation.turns];
  const asked: Conversation = { ...conversation, turns, tools: [...conversation.tools, ...tools] };
  let notes: readonly Note[] | undefined;
  let addedBytes = 0;

  return {
    body(toolChoice) {
      // What the gateway adds itself is no reason to refuse the client's request.
      const refusesUnsupported = translation.refusesUnsupported && !notes;
      const told = toolChoice ? { ...asked, toolChoice } : asked;
      const write = () => writeConversation(told, { ...translation, refusesUnsupported });
      const written = notes ? orUnusable(write) : write();
      notes ??= written.notes;
      return toJson(written.body);
    },
    add(said, results) {
      turns.push(...turnsOf(said, results));
      for (const block of said) addedBytes += lengthOf(block);
      for (const { text } of results) addedBytes += text.length;
    },
    notes: () => notes ?? [],
    addedBytes: () => addedBytes,
    bytes: () => weight + addedBytes,
  };
}

/**
 * Writes what was added to a request that could be written before: what a provider has said and cannot be sent back to it
 * is its failure, and not the client's.
 * @throws Failure `upstream_invalid_response`
 */
export function orUnusable<Result>(write: () => Result): Result {
  try {
    return write();
  } catch (error) {
    const isSaid =
      error instanceof CannotTranslate || (error instanceof Failure && error.code === "unsupported_parameter");
    if (!isSaid) throw error;
    const message = `The upstream server sent an answer that cannot be sent back to it: ${error.message}`;
    throw new Failure("upstream_invalid_response", { message });
  }
}

/** An answer with calls and the results of these. */
export const turnsOf = (said: readonly Block[], results: readonly ToolResult[]): readonly Turn[] => [
  { role: "assistant", blocks: said },
  {
    role: "tool",
    blocks: results.map(({ id, text }) => ({
      type: "result",
      callId: id,
      blocks: [{ type: "text", text }],
      isError: isErrorText(text),
      kind: "function",
    })),
  },
];

function lengthOf(block: Block): number {
  switch (block.type) {
    case "text":
    case "thinking":
      return block.text.length + (block.seal?.value.length ?? 0);
    case "call":
      return block.name.length + block.input.length + (block.seal?.value.length ?? 0);
    default:
      return toJson(block).length;
  }
}
