import type { Seal } from "../form/blocks.ts";
import type { ChunkTexts } from "./chunk-text.ts";
import type { HeldText, HeldTexts } from "./held-text.ts";
import { writeDetails } from "./write-details.ts";

/**
 * The thoughts of a client's stream: each piece as `reasoning_content`, and each thought as a whole item of
 * `reasoning_details` when it is over, as most clients keep of unknown members what the last delta said.
 */
export interface ClientThoughts {
  /** @param others how many other blocks the message that comes back has in front of it; all texts are one there */
  open(block: number, others: number): void;
  extend(block: number, piece: string): string;
  seal(block: number, seal: Seal): void;
  close(block: number): string;
  /**
   * The seal of a text, for which messages have no place: it is that of a thought without words behind it.
   * @param others see {@link open}
   */
  alone(seal: Seal | undefined, others: number): string;
  has(block: number): boolean;
}

interface ClientThought {
  readonly index: number;
  readonly held: HeldText;
  seal: Seal | undefined;
}

export function createClientThoughts(texts: ChunkTexts, held: HeldTexts): ClientThoughts {
  const thoughts = new Map<number, ClientThought>();
  let opened = 0;
  return {
    open(block, others) {
      thoughts.set(block, { index: opened + others, held: held.open(), seal: undefined });
      opened += 1;
    },
    extend(block, piece) {
      // If it is too long, its item has no text, and clients have it from the pieces.
      thoughts.get(block)?.held.add(piece);
      return texts.delta({ reasoning_content: piece });
    },
    seal(block, seal) {
      const thought = thoughts.get(block);
      if (thought !== undefined) thought.seal = seal;
    },
    close(block) {
      const thought = thoughts.get(block);
      if (thought === undefined) return "";
      thoughts.delete(block);
      return texts.delta({ reasoning_details: writeDetails(thought.held.whole(), thought.seal, thought.index) });
    },
    alone(seal, others) {
      if (seal === undefined) return "";
      const details = writeDetails("", { ...seal, kind: "encrypted" }, opened + others);
      opened += 1;
      return texts.delta({ reasoning_details: details });
    },
    has: (block) => thoughts.has(block),
  };
}
