import { isJsonObject, type JsonObject } from "../../core/json/parse.ts";
import { countOf, objectOf } from "../../core/json/values.ts";
import type { Usage } from "../form/answer.ts";

/**
 * Reads `usage`. What is billed is another number, which leaves out what the provider adds to prompts.
 * https://docs.cohere.com/reference/chat
 * @returns undefined if it says nothing of tokens
 */
export function readUsage(usage: unknown): Usage | undefined {
  if (!isJsonObject(usage)) return undefined;
  const tokens = objectOf(usage["tokens"]);
  const input = countOf(tokens?.["input_tokens"]);
  const output = countOf(tokens?.["output_tokens"]);
  if (input === undefined && output === undefined) return undefined;
  return {
    input: input ?? 0,
    output: output ?? 0,
    cacheRead: countOf(usage["cached_tokens"]),
    cacheWrite: undefined,
    cacheWriteHour: undefined,
    reasoning: undefined,
    billed: readBilled(objectOf(usage["billed_units"])),
  };
}

function readBilled(units: JsonObject | undefined): Usage["billed"] {
  const input = countOf(units?.["input_tokens"]);
  const output = countOf(units?.["output_tokens"]);
  return input === undefined && output === undefined ? undefined : { input: input ?? 0, output: output ?? 0 };
}
