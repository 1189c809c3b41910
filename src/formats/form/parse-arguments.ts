import { isJsonObject, type JsonObject, parseJson } from "../../core/json/parse.ts";

declare global {
  /** https://tc39.es/proposal-json-parse-with-source, which the runtime has and the compiler's library lacks. */
  interface JSON {
    rawJSON(text: string): object;
    parse(
      text: string,
      reviver: (key: string, value: unknown, context: { readonly source?: string }) => unknown,
    ): unknown;
  }
}

/** So many digits may be more than a double holds: ids of messages and channels are often of this length. */
const LONG_NUMBER = /\d{16}/;

/**
 * The arguments of a call as the object that they must be on this wire. Written as JSON again, its numbers have all the
 * digits that the model wrote.
 * @param text as the model wrote it; what is no JSON object is kept as it is under a name of its own
 */
export function parseArguments(text: string): JsonObject {
  if (!/\S/.test(text)) return {};
  const value = parseJson(text);
  if (!isJsonObject(value)) return { _raw: text };
  const exact = LONG_NUMBER.test(text) ? JSON.parse(text, keepDigits) : value;
  return isJsonObject(exact) ? exact : value;
}

const keepDigits = (_: string, value: unknown, { source }: { readonly source?: string }): unknown =>
  typeof value === "number" && source !== undefined && source !== String(value) ? JSON.rawJSON(source) : value;
