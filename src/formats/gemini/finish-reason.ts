import type { JsonObject } from "../../core/json/parse.ts";
import { filledTextOf, objectOf } from "../../core/json/values.ts";
import type { AnswerError, Stop, StopReason } from "../form/answer.ts";

/** https://ai.google.dev/api/generate-content#FinishReason */
const REASONS: ReadonlyMap<string, StopReason> = new Map(
  Object.entries<StopReason>({
    STOP: "end",
    MAX_TOKENS: "length",
    SAFETY: "filter",
    RECITATION: "filter",
    LANGUAGE: "filter",
    BLOCKLIST: "filter",
    PROHIBITED_CONTENT: "filter",
    SPII: "filter",
    IMAGE_SAFETY: "filter",
    IMAGE_PROHIBITED_CONTENT: "filter",
    IMAGE_RECITATION: "filter",
    IMAGE_OTHER: "filter",
    // Vertex: what its Model Armor has blocked.
    MODEL_ARMOR: "filter",
  }),
);

/** The answer is not what the model meant to say, whatever there is of it. */
const FAILURES: ReadonlySet<string> = new Set([
  "MALFORMED_FUNCTION_CALL",
  "MALFORMED_RESPONSE",
  "UNEXPECTED_TOOL_CALL",
  "TOO_MANY_TOOL_CALLS",
  "MISSING_THOUGHT_SIGNATURE",
]);

/** What there is of the answer that ended. */
export interface Seen {
  readonly hasCalls: boolean;
  readonly isEmpty: boolean;
}

/**
 * Reads why a candidate ended.
 * @returns undefined if it has not
 */
export function readFinish(candidate: JsonObject, seen: Seen): Stop | { readonly error: AnswerError } | undefined {
  const word = filledTextOf(candidate["finishReason"]);
  if (word === undefined || word === "FINISH_REASON_UNSPECIFIED") return undefined;
  const told = filledTextOf(candidate["finishMessage"]);
  const reason = REASONS.get(word);
  // Of a word that nobody knows yet, nothing said is the sign of a failure.
  if (FAILURES.has(word) || (reason === undefined && seen.isEmpty)) {
    const message = told ?? `The provider ended the answer with ${word}.`;
    return { error: { message, type: "api_error", code: word } };
  }
  if (reason === "filter") return { reason, explanation: told ?? `The provider's filter stopped the answer: ${word}.` };
  return { reason: seen.hasCalls && reason !== "length" ? "tool" : (reason ?? "end") };
}

/** Reads why a prompt is not answered at all; undefined if nothing is said against it. */
export function readBlocked(body: JsonObject): Stop | undefined {
  const feedback = objectOf(body["promptFeedback"]);
  const reason = filledTextOf(feedback?.["blockReason"]);
  if (reason === undefined) return undefined;
  const told = filledTextOf(feedback?.["blockReasonMessage"]);
  return { reason: "filter", explanation: told ?? `The provider's filter refused the prompt: ${reason}.` };
}
