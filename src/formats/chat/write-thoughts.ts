import type { JsonObject } from "../../core/json/parse.ts";
import type { Block, ThinkingBlock } from "../form/blocks.ts";
import type { WriteContext } from "./write-content.ts";
import { openCarrier, originOf, restoreDetail } from "./thoughts.ts";

/** The thoughts of a turn in the members in which a provider takes them. */
export interface WrittenThoughts {
  /** Members of the message. */
  readonly members: JsonObject;
  /** Mistral has them in the content, in front of the text. */
  readonly parts: readonly JsonObject[];
}

/**
 * Gives a provider its own thoughts back as they came. Those of others are left out: they cannot check them, and read
 * them as noise. Thoughts of nobody known go where the provider is known to take some.
 */
export function writeThoughts(blocks: readonly Block[], context: WriteContext): WrittenThoughts {
  const texts = new Map<string, string>();
  const details: JsonObject[] = [];
  const parts: JsonObject[] = [];
  const extra: Record<string, unknown> = {};
  const addText = (member: string, text: string): void => void texts.set(member, (texts.get(member) ?? "") + text);

  const add = ({ text, seal }: ThinkingBlock): void => {
    if (seal === undefined && context.traits.thoughtsMember !== undefined) {
      addText(context.traits.thoughtsMember, text);
      return;
    }
    const carrier = seal?.origin === originOf(context.provider) ? openCarrier(seal) : undefined;
    if (carrier === undefined) context.notes.dropped("thinking");
    else if ("detail" in carrier) details.push(restoreDetail(carrier.detail, text));
    else if ("extra" in carrier) extra["extra_content"] = carrier.extra;
    else if (carrier.member === "content") parts.push({ type: "thinking", thinking: [{ type: "text", text }] });
    else addText(carrier.member, text);
  };

  for (const block of blocks) if (block.type === "thinking") add(block);
  return {
    members: { ...Object.fromEntries(texts), ...(details.length > 0 && { reasoning_details: details }), ...extra },
    parts,
  };
}
