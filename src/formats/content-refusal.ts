import { isJsonObject } from "../core/json/parse.ts";
import type { AnswerError } from "./form/answer.ts";

/**
 * Codes and types of a content filter, in lower case: OpenAI, Azure, Google's reasons of a block, Alibaba, Zhipu.
 * https://learn.microsoft.com/azure/ai-foundry/openai/concepts/content-filter
 * https://ai.google.dev/api/generate-content#BlockReason
 */
const CODES: ReadonlySet<string | undefined> = new Set([
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
const WORDS = new RegExp(
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
  if (CODES.has(code?.toLowerCase()) || CODES.has(type?.toLowerCase()) || WORDS.test(message)) return true;
  const inner = isJsonObject(rest) ? rest["innererror"] : undefined;
  const innerCode = isJsonObject(inner) ? inner["code"] : undefined;
  return typeof innerCode === "string" && CODES.has(innerCode.toLowerCase());
}
