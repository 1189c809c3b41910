import type { Conversation } from "./conversation.ts";
import type { ModelFacts } from "./model-facts.ts";

/**
 * A model refuses to be asked for more than it can say, which clients of other models do not know.
 * @param onFit called if more is asked for, and that becomes the most that there is
 */
export function fitLimits(conversation: Conversation, facts: ModelFacts, onFit: () => void): Conversation {
  const { maxOutputTokens: asked } = conversation.limits;
  const { maxOutputTokens: most } = facts;
  if (asked === undefined || most === undefined || asked <= most) return conversation;
  onFit();
  return { ...conversation, limits: { ...conversation.limits, maxOutputTokens: most } };
}

/** OpenAI and Azure refuse longer ones for end users and for caches; Claude Code's has 150. */
const MAX_CHARACTERS = 64;

/** An identifier of an end user or a cache for a provider: what it takes in place of a long one tells them apart as well. */
export function fitIdentifier(identifier: string): string {
  if (identifier.length <= MAX_CHARACTERS) return identifier;
  return new Bun.CryptoHasher("sha256").update(identifier).digest("hex");
}
