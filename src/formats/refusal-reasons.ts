import { isJsonObject } from "../core/json/parse.ts";
import type { AnswerError } from "./form/answer.ts";
import type { ApiName } from "./format.ts";

/*
 * Why a provider refuses a request, by its codes, or in its words if it has no code: the request is too long, a filter did
 * not let it pass, or the response that it goes on from is not there.
 */

/** OpenAI's code for a request that the model has no room for; Codex reads it. */
const OVERFLOW = "context_length_exceeded";

const OVERFLOW_CODES: ReadonlySet<string | number | undefined> = new Set([OVERFLOW, "exceed_context_size_error"]);

/** What providers write that have no code for it: Anthropic, vLLM, llama.cpp, Google, Mistral, xAI, Bedrock, Moonshot, Cohere. */
const OVERFLOW_WORDS = new RegExp(
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
  OVERFLOW_CODES.has(code) || OVERFLOW_CODES.has(type) || OVERFLOW_WORDS.test(message);

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

/**
 * Codes and types of a content filter, in lower case: OpenAI, Azure, Google's reasons of a block, Alibaba, Zhipu.
 * https://learn.microsoft.com/azure/ai-foundry/openai/concepts/content-filter
 * https://ai.google.dev/api/generate-content#BlockReason
 */
const FILTER_CODES: ReadonlySet<string | undefined> = new Set([
  "content_filter",
  "content_filtered",
  "content_policy_violation",
  "image_content_policy_violation",
  "moderation_blocked",
  "responsibleaipolicyviolation",
  "safety",
  "image_safety",
  "prohibited_content",
  "blocklist",
  "spii",
  "data_inspection_failed",
  "1301",
]);

/** What providers write that have no code for it: Azure, Anthropic, OpenAI, Google, xAI, Bedrock. */
const FILTER_WORDS = new RegExp(
  [
    "content management policy",
    "content filtering policy",
    "blocked by .{0,40}(?:content|safety) (?:filter|polic|setting)",
    "rejected (?:by|as a result of) our safety system",
    "(?:prompt|request|input) (?:was|is) blocked (?:due to|because of|by|for)",
    "prohibited_content",
    "content violates (?:our )?usage (?:guidelines|polic)",
    "guardrail",
  ].join("|"),
  "i",
);

/**
 * Whether a provider says, by a code, a type or in its words, that its filter let the request not pass.
 * @param rest what else it said; Azure has a finer code in `innererror`
 */
export function isContentRefusal({ message, type, code }: AnswerError, rest: unknown): boolean {
  if (
    FILTER_CODES.has(code?.toString().toLowerCase()) ||
    FILTER_CODES.has(type?.toLowerCase()) ||
    FILTER_WORDS.test(message)
  )
    return true;
  const inner = isJsonObject(rest) ? rest["innererror"] : undefined;
  const innerCode = isJsonObject(inner) ? inner["code"] : undefined;
  return typeof innerCode === "string" && FILTER_CODES.has(innerCode.toLowerCase());
}

/** OpenAI's code for a response that it does not have. */
const UNKNOWN_RESPONSE = "previous_response_not_found";

/** What providers write that have no code for it: OpenAI, vLLM, and what follows them. */
const UNKNOWN_RESPONSE_WORDS = /\b(?:previous )?response with id\b.{0,300}\bnot found\b/is;

/** Whether a provider says that it does not have the response that a request goes on from. */
export const isUnknownResponse = ({ message, code }: Pick<AnswerError, "message" | "code">): boolean =>
  code === UNKNOWN_RESPONSE || UNKNOWN_RESPONSE_WORDS.test(message);
