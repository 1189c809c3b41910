import type { JsonObject } from "../../core/json/parse.ts";
import type { Seal, ThinkingBlock } from "../form/blocks.ts";
import type { WireTarget } from "../form/dialect.ts";
import { openSeal, wrapSeal } from "../form/seal-envelope.ts";
import { isEncrypting } from "./provider-traits.ts";
import { listOf, objectOf, textOf, withoutUndefined } from "../../core/json/values.ts";

const WIRE = "responses";

/** Of values that a client got from a provider of this API, nobody knows which. */
const UNKNOWN_PROVIDER = `/${WIRE}`;

export const originOf = (provider: string): string => `${provider}/${WIRE}`;

/** The thoughts of an item of type `reasoning`: the raw ones if there are any, else their summary. */
export function readThinking(item: JsonObject, origin: string = UNKNOWN_PROVIDER): ThinkingBlock {
  const raw = joinTexts(item["content"]);
  return {
    type: "thinking",
    text: raw === "" ? joinTexts(item["summary"]) : raw,
    seal: readSeal(item, origin),
  };
}

const joinTexts = (parts: unknown): string =>
  listOf(parts)
    .map((part) => textOf(objectOf(part)?.["text"]) ?? "")
    .filter((text) => text !== "")
    .join("\n\n");

/** Says nothing at all: neither thoughts nor anything to give back. */
export const isEmptyThinking = ({ text, seal }: ThinkingBlock): boolean => text === "" && seal === undefined;

function readSeal(item: JsonObject, origin: string): Seal | undefined {
  const value = textOf(item["encrypted_content"]);
  if (value === undefined || value === "") return undefined;
  const id = textOf(item["id"]);
  return openSeal(value) ?? withId({ origin, kind: "encrypted", value }, id);
}

const withId = (seal: Seal, id: string | undefined): Seal => (id === undefined || id === "" ? seal : { ...seal, id });

/** What clients carry back: values of this API as they are, others in an envelope. */
export function writeSeal(seal: Seal | undefined): string | null {
  if (!seal) return null;
  return seal.kind === "encrypted" && seal.origin.endsWith(`/${WIRE}`) ? seal.value : wrapSeal(seal);
}

/**
 * Thoughts as an item for a provider.
 * @param id for thoughts that have none
 * @returns undefined if the provider would not take them: they are another one's
 */
export function writeThinking({ text, seal }: ThinkingBlock, target: WireTarget, id: string): JsonObject | undefined {
  if (seal) {
    const isOwn = seal.origin === originOf(target.provider) || seal.origin === UNKNOWN_PROVIDER;
    if (!isOwn || seal.kind !== "encrypted") return undefined;
    const summary = text === "" ? [] : [{ type: "summary_text", text }];
    return withoutUndefined({ type: "reasoning", id: seal.id, summary, encrypted_content: seal.value });
  }
  if (text === "" || isEncrypting(target.model)) return undefined;
  return { type: "reasoning", id, summary: [], content: [{ type: "reasoning_text", text }] };
}
