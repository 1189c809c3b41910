import type { Block, TextBlock } from "../form/blocks.ts";
import type { Turn } from "../form/conversation.ts";
import type { ProviderTraits } from "./provider-traits.ts";

/** Nothing was said; several providers refuse a message that says nothing. */
const isEmptyText = (block: Block): boolean => block.type === "text" && block.text === "";

/**
 * Turns as the messages that they become: those of an assistant in a row are one, and so are leading instructions for
 * providers other than OpenAI. An assistant who said nothing is left out.
 * @param takeTurns whether those of the user in a row are one, too
 */
export function mergeTurns(turns: readonly Turn[], takeTurns: boolean, { isOpenAi }: ProviderTraits): readonly Turn[] {
  const merged: Turn[] = [];
  let blocks: Block[] = [];
  let texts: TextBlock[] = [];
  for (const turn of turns) {
    if (turn.role === "assistant" && turn.blocks.every(isEmptyText)) continue;
    const last = merged.at(-1)?.role;
    const isLeading = merged.length === 1 && !isOpenAi;
    if (turn.role === "system" || turn.role === "developer") {
      if (isLeading && (last === "system" || last === "developer")) for (const text of turn.blocks) texts.push(text);
      else merged.push({ role: turn.role, blocks: (texts = [...turn.blocks]) });
    } else if (turn.role === last && (turn.role !== "user" || takeTurns)) {
      for (const block of turn.blocks) blocks.push(block);
    } else {
      merged.push({ role: turn.role, blocks: (blocks = [...turn.blocks]) });
    }
  }
  return merged;
}
