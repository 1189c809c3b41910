import type { Seal } from "../form/blocks.ts";
import type { BlockWriter, OutputItems } from "./output-items.ts";
import { writeSeal } from "./thinking.ts";

export interface ReasoningWriter extends BlockWriter {
  piece(text: string): void;
  seal(seal: Seal): void;
}

/**
 * What shows that thoughts are to be left out when a client sends them back, as those of another provider are. One of
 * this API would look in its store for what is not encrypted, and under the id that it has here there is nothing.
 */
const NOT_TO_RETURN: Seal = { origin: "gateway", kind: "encrypted", value: "none" };

/**
 * Thoughts, as a summary: that is what clients show and what they send back.
 * @param isStored the provider is one of this API, to which the client sends them back, and keeps its own
 */
export function createReasoningItem(items: OutputItems, isStored: boolean): ReasoningWriter {
  const pieces: string[] = [];
  let encrypted = writeSeal(isStored ? NOT_TO_RETURN : undefined);
  const item = items.add("rs", (id) => ({
    id,
    type: "reasoning",
    summary: pieces.length === 0 ? [] : [{ type: "summary_text", text: pieces.join("") }],
    content: [],
    encrypted_content: encrypted,
  }));
  const summary_index = 0;
  return {
    piece(delta) {
      if (pieces.length === 0) {
        item.emit("response.reasoning_summary_part.added", { summary_index, part: { type: "summary_text", text: "" } });
      }
      pieces.push(delta);
      item.emit("response.reasoning_summary_text.delta", { summary_index, delta });
    },
    seal(seal) {
      encrypted = writeSeal(seal);
    },
    close() {
      if (pieces.length > 0) {
        const text = pieces.join("");
        item.emit("response.reasoning_summary_text.done", { summary_index, text });
        item.emit("response.reasoning_summary_part.done", { summary_index, part: { type: "summary_text", text } });
      }
      item.finish();
    },
  };
}

/** A seal of what has no place for one here. */
export function createSealItem(items: OutputItems, seal: Seal): void {
  const item = createReasoningItem(items, false);
  item.seal(seal);
  item.close();
}
