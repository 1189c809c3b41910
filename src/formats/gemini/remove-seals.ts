import { isJsonObject, type JsonObject } from "../../core/json/parse.ts";
import { CARRIER_SIGN, isCarrier } from "./client-seals.ts";

const NAMES = ["thoughtSignature", "thought_signature"] as const;

/**
 * The contents of a conversation without the seals of providers that it was translated for before, which a provider of
 * this API would refuse as forged: the thoughts of those, and parts and contents of which nothing else is left.
 * @returns undefined if there is none
 */
function removeSeals(contents: readonly unknown[]): readonly unknown[] | undefined {
  let isChanged = false;
  const kept: unknown[] = [];
  for (const content of contents) {
    const left = withoutSeals(content);
    if (left !== content) isChanged = true;
    if (left !== undefined) kept.push(left);
  }
  return isChanged ? kept : undefined;
}

/** How bodies are told that have any. */
export const SEALS = { sign: CARRIER_SIGN, remove: removeSeals } as const;

function withoutSeals(content: unknown): unknown {
  if (!isJsonObject(content) || !Array.isArray(content["parts"])) return content;
  const parts: readonly unknown[] = content["parts"];
  const kept = parts.map(withoutSeal);
  if (kept.every((part, index) => part === parts[index])) return content;
  const left = kept.filter((part) => part !== undefined);
  return left.length === 0 ? undefined : { ...content, parts: left };
}

function withoutSeal(part: unknown): unknown {
  if (!isJsonObject(part)) return part;
  const name = NAMES.find((each) => isCarrier(part[each]));
  if (name === undefined) return part;
  const { [name]: _, ...rest }: JsonObject = part;
  return rest["thought"] === true || (rest["text"] === "" && Object.keys(rest).length === 1) ? undefined : rest;
}
