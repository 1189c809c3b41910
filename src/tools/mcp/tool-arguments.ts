import { isJsonObject, type JsonObject } from "../../core/json/parse.ts";
import { parseJson } from "../../core/json/parse-bytes.ts";

/**
 * The arguments of a call as models give them: an object, the JSON text of one, or nothing.
 * @returns undefined where they are something else.
 */
export function readArguments(given: unknown): JsonObject | undefined {
  if (given === undefined || given === null) return {};
  if (isJsonObject(given)) return given;
  if (typeof given !== "string") return undefined;
  if (given.trim() === "") return {};
  const value = parseJson(given);
  return isJsonObject(value) ? value : undefined;
}
