import type { Seal } from "../form/blocks.ts";
import type { ChunkTexts } from "./chunk-text.ts";
import type { HeldText, HeldTexts } from "./held-text.ts";
import type { JsonObject } from "../../core/json/parse.ts";
import { wrapSeal } from "../form/seal-envelope.ts";

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

/**
 * A thought as items of `reasoning_details`, in OpenRouter's shape, which clients give back. Seals are in envelopes.
 * @param index the place of the thought among the blocks of the answer
 * @see https://openrouter.ai/docs/use-cases/reasoning-tokens#preserving-reasoning
 */
export function writeDetails(text: string, seal: Seal | undefined, index: number): readonly JsonObject[] {
  const format = seal?.origin ?? "unknown";
  const id = seal?.id ?? null;
  if (seal?.kind !== "encrypted") {
    const signature = seal === undefined ? null : wrapSeal(seal);
    return [{ type: "reasoning.text", text, signature, id, format, index }];
  }
  const encrypted = { type: "reasoning.encrypted", data: wrapSeal(seal), id, format, index };
  return text === "" ? [encrypted] : [{ type: "reasoning.summary", summary: text, id, format, index }, encrypted];
}
