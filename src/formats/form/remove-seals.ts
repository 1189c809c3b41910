import { isJsonObject, type JsonObject } from "../../core/json/parse.ts";
import { openSeal } from "./seal-envelope.ts";

/** How every envelope begins as a JSON string: a body without these bytes has none. Bytes, as text is encoded anew each time. */
export const ENVELOPE_SIGN = Buffer.from('"gw1.');

/** The members that carry the seal of a thought, in the APIs of all clients. */
const CARRIERS = ["signature", "data", "encrypted_content"];

/** The members of a turn whose items may be thoughts or calls. What is inside of those is a client's own. */
const LISTS = ["content", "reasoning_details", "thinking_blocks", "tool_calls"];

/** The member of a call that carries its seal: Google's own. */
const CALL_CARRIER = "extra_content";

/**
 * The turns of a conversation without what only carries the seals of other providers' APIs, which a provider of the
 * client's own API would refuse as forged: its thoughts there, and turns of which nothing else is left.
 * @returns undefined if there is none
 */
export function removeSeals(turns: readonly unknown[]): readonly unknown[] | undefined {
  let isChanged = false;
  const kept: unknown[] = [];
  for (const turn of turns) {
    const left = isJsonObject(turn) ? withoutSeals(turn) : turn;
    if (left !== turn) isChanged = true;
    if (left !== undefined) kept.push(left);
  }
  return isChanged ? kept : undefined;
}

/** @returns the same turn if it has no seals, undefined if it has nothing else */
function withoutSeals(turn: JsonObject): JsonObject | undefined {
  if (isSealed(turn)) return undefined;
  let left = turn;
  for (const name of LISTS) {
    const items = turn[name];
    if (!Array.isArray(items)) continue;
    const kept = items.filter((item) => !isSealed(item)).map(withoutCallSeal);
    if (kept.length === items.length && kept.every((item, index) => item === items[index])) continue;
    if (kept.length > 0) left = { ...left, [name]: kept };
    else if (name === "content") return undefined;
    else left = without(left, name);
  }
  return left;
}

const isSealed = (item: unknown): boolean => isJsonObject(item) && CARRIERS.some((name) => isEnvelope(item[name]));

const isEnvelope = (value: unknown): boolean => typeof value === "string" && openSeal(value) !== undefined;

function withoutCallSeal(item: unknown): unknown {
  if (!isJsonObject(item)) return item;
  const extra = item[CALL_CARRIER];
  const google = isJsonObject(extra) ? extra["google"] : undefined;
  return isJsonObject(google) && isEnvelope(google["thought_signature"]) ? without(item, CALL_CARRIER) : item;
}

function without(object: JsonObject, name: string): JsonObject {
  const { [name]: _, ...rest } = object;
  return rest;
}
