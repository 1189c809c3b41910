import { type ParseError, parse as parseLeniently, printParseErrorCode } from "jsonc-parser";

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export type JsonObject = { readonly [name: string]: unknown };

/**
 * Parses the bytes of a JSON text that must be an object.
 * @returns the object, or in `problem` what is wrong with the bytes, in words that repeat nothing of them.
 */
export function decodeObject(bytes: Uint8Array): { readonly value: JsonObject } | { readonly problem: string } {
  if (bytes.length === 0) return { problem: "the body is empty" };
  let text: string;
  try {
    text = decoder.decode(bytes);
  } catch {
    return { problem: "the body is not valid UTF-8" };
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { problem: describeMalformed(text) };
  }
  if (!isJsonObject(value)) return { problem: "the body must be a JSON object" };
  return { value };
}

export const isJsonObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** A longer text is not searched for the place of its error: that would cost more than the error is worth. */
const LOCATABLE_CHARACTERS = 1024 * 1024;

/** Runtimes quote the offending text in their messages and give no position, so the gateway words its own. */
function describeMalformed(text: string): string {
  if (text.charCodeAt(0) === 0xfeff) return "the body begins with a byte order mark, which JSON does not allow";
  if (text.length > LOCATABLE_CHARACTERS) return "the body is not valid JSON";
  const first = findFirstError(text);
  if (first === "too deep") return "the body is nested too deeply";
  if (!first) return "the body is not valid JSON";
  const lines = text.slice(0, first.offset).split("\n");
  const reason = printParseErrorCode(first.error)
    .replace(/(?<!^)([A-Z])/g, " $1")
    .toLowerCase();
  return `the body is not valid JSON: ${reason} at line ${lines.length}, column ${(lines.at(-1)?.length ?? 0) + 1}`;
}

/** The lenient parser is recursive, and a stranger decides how deep a body goes. */
function findFirstError(text: string): ParseError | "too deep" | undefined {
  const errors: ParseError[] = [];
  try {
    parseLeniently(text, errors, { disallowComments: true, allowTrailingComma: false });
  } catch {
    return "too deep";
  }
  return errors[0];
}
