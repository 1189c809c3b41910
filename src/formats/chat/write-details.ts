import type { JsonObject } from "../../core/json/parse.ts";
import type { Seal } from "../form/blocks.ts";
import { wrapSeal } from "../form/seal-envelope.ts";

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
