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
