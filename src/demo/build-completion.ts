import type { ChatRequest } from "./chat-request.ts";
import { DEMO_CREATED_SECONDS } from "./demo-models.ts";
import { countWords, cutIntoWords } from "./read-words.ts";
import type { Turn } from "./turn.ts";

/** Token counts of one completion; a token is a word here. */
export interface CompletionUsage {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly total_tokens: number;
}

/** A finished answer, before it is written as one body or as a stream. */
export interface Completion {
  readonly id: string;
  /** Unix seconds. */
  readonly created: number;
  readonly model: string;
  /** The words of the answer with their white space; empty where a tool is called. */
  readonly words: readonly string[];
  readonly toolCall: { readonly id: string; readonly name: string; readonly arguments: string } | undefined;
  readonly finishReason: "stop" | "length" | "tool_calls";
  readonly usage: CompletionUsage;
}

/**
 * Finishes a turn into a completion. `digest` is a hash of the request, from which ids are made. The limit on tokens cuts
 * text only: a tool call cut short would be no JSON.
 */
export function buildCompletion(request: ChatRequest, turn: Turn, digest: string): Completion {
  const prompt = request.messages
    .map(({ text, toolCalls }) => countWords(text) + toolCalls.reduce((sum, call) => sum + countCall(call), 0))
    .reduce((sum, count) => sum + count, 0);
  const common = { id: `chatcmpl-demo-${digest}`, created: DEMO_CREATED_SECONDS, model: request.model };
  if (turn.kind === "tool_call") {
    const toolCall = { id: `call_demo_${digest}`, name: turn.name, arguments: JSON.stringify(turn.arguments) };
    return {
      ...common,
      words: [],
      toolCall,
      finishReason: "tool_calls",
      usage: countUsage(prompt, countCall(toolCall)),
    };
  }
  const all = cutIntoWords(turn.text);
  const words = all.slice(0, request.maxTokens);
  const finishReason = words.length < all.length ? "length" : "stop";
  return { ...common, words, toolCall: undefined, finishReason, usage: countUsage(prompt, words.length) };
}

function countCall(call: { readonly name: string; readonly arguments: string }): number {
  return countWords(call.name) + countWords(call.arguments);
}

function countUsage(prompt: number, completion: number): CompletionUsage {
  return { prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion };
}

/** Writes a completion as the one JSON object of a non-streamed answer, in OpenAI's shape. */
export function writeCompletion(completion: Completion): object {
  const { id, created, model, words, toolCall, finishReason, usage } = completion;
  const message =
    toolCall === undefined
      ? { role: "assistant", content: words.join(""), refusal: null }
      : {
          role: "assistant",
          content: null,
          refusal: null,
          tool_calls: [
            { id: toolCall.id, type: "function", function: { name: toolCall.name, arguments: toolCall.arguments } },
          ],
        };
  return {
    id,
    object: "chat.completion",
    created,
    model,
    choices: [{ index: 0, message, logprobs: null, finish_reason: finishReason }],
    usage,
  };
}
