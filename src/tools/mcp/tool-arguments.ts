import { hasMoreValues, DEFAULT_JSON_LIMITS, type JsonLimits } from "../../core/json/limits.ts";
import { isJsonObject, type JsonObject, parseBytes } from "../../core/json/parse.ts";

/** The protocol's library writes arguments in one turn of the event loop, which takes 10 ms for so many values. */
const ARGUMENT_LIMITS: JsonLimits = { ...DEFAULT_JSON_LIMITS, values: 50_000 };

/** The arguments of a call, or in words for the model why there are none. */
export type ReadArguments = { readonly value: JsonObject } | { readonly problem: string };

const NO_OBJECT: ReadArguments = { problem: "the arguments are not a JSON object" };
const TOO_MANY: ReadArguments = { problem: `the arguments hold more than ${ARGUMENT_LIMITS.values} values` };

/** Models that have nothing to say write nothing, white space, or `null`. */
const NOTHING = /^\s*(?:null\s*)?$/;

/** Whether a call of a tool is given no arguments at all, in whatever way. */
export function hasNoArguments(given: unknown): boolean {
  return given === undefined || given === null || (typeof given === "string" && NOTHING.test(given));
}

/**
 * Reads the arguments of a call as models give them: an object, the JSON text of one, or nothing. Long texts take
 * turns.
 */
export async function readArguments(given: unknown): Promise<ReadArguments> {
  if (hasNoArguments(given)) return { value: {} };
  if (isJsonObject(given)) return hasMoreValues(given, ARGUMENT_LIMITS.values) ? TOO_MANY : { value: given };
  if (typeof given !== "string") return NO_OBJECT;
  const parsed = await parseBytes(Buffer.from(given), { limits: ARGUMENT_LIMITS });
  if ("value" in parsed) return isJsonObject(parsed.value) ? { value: parsed.value } : NO_OBJECT;
  return parsed.fault === "values" ? TOO_MANY : NO_OBJECT;
}
