import type { AnswerError } from "./form/answer.ts";
import type { ApiName } from "./format.ts";

/** OpenAI's code for a request that the model has no room for; Codex reads it. */
const OVERFLOW = "context_length_exceeded";

const CODES: ReadonlySet<string | undefined> = new Set([OVERFLOW, "exceed_context_size_error"]);

/** What providers write that have no code for it: Anthropic, vLLM, llama.cpp, Google, Mistral, xAI, Bedrock, Moonshot, Cohere. */
const WORDS = new RegExp(
  [
    "prompt is too long",
    "input is too long for",
    "maximum (?:context|prompt) length",
    "exceeds?(?: the)?(?: available| model's)? context (?:limit|length|size|window)",
    "exceeds the context window",
    "input token count .{0,40}exceeds the maximum",
    "exceeded model token limit",
    "too many tokens: (?:size limit|total number)",
  ].join("|"),
  "i",
);

/** Claude Code reads these words; Anthropic has no code for it. */
const ANTHROPIC = "prompt is too long";

/** Whether a provider says, by a code, a type or in its words, that the model has no room for the request. */
export const isOverflow = ({ message, type, code }: AnswerError): boolean =>
  CODES.has(code) || CODES.has(type) || WORDS.test(message);

/**
 * An error in the words by which clients of an API know that the model has no room for their request: they shorten their
 * conversation, and give up on any other error. Any other error is returned as it is.
 */
export function nameOverflow(error: AnswerError, api: ApiName): AnswerError {
  const { message } = error;
  if (!isOverflow(error)) return error;
  const isClear = api !== "messages" || message.toLowerCase().includes(ANTHROPIC);
  return { message: isClear ? message : `${ANTHROPIC}: ${message}`, type: "invalid_request_error", code: OVERFLOW };
}
