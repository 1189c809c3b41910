import type { Conversation } from "../../formats/form/conversation.ts";
import type { ClientAsk } from "../../formats/form/dialect.ts";
import type { AdmittedRequest } from "../stage.ts";
import { estimateInput } from "../../formats/form/estimate-input.ts";
import { splitInstructions } from "../../formats/form/steps.ts";

/**
 * What the writer of an answer must know of its request. It keeps nothing of what was said but the instructions.
 * @param clock milliseconds since the epoch
 */
export function clientAsk(
  conversation: Conversation,
  { body, isArray, stored }: Pick<AdmittedRequest, "body" | "isArray" | "stored">,
  clock: () => number,
): ClientAsk {
  return {
    model: String(body.value["model"]),
    request: withoutTalk(conversation),
    newId,
    createdAt: Math.floor(clock() / 1000),
    estimatedInput: conversation.stream ? estimateInput(conversation) : undefined,
    stored,
    ...(isArray && { isArray }),
  };
}

/** Kept for as long as the answer lasts, which must not keep a whole conversation. */
function withoutTalk(conversation: Conversation): Conversation {
  const { instructions } = splitInstructions(conversation.turns);
  return { ...conversation, turns: instructions, foreign: [] };
}

/** Twenty-four random characters. */
function newId(): string {
  return crypto.randomUUID().replaceAll("-", "").slice(0, 24);
}
