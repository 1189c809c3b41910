import { readEventData } from "../../core/sse/event-data.ts";
import { isJsonObject, parseJson } from "../../core/json/parse.ts";

/** Without its closing quote: quotes are so many that to search for a word that ends with one takes twice as long. */
const MARK = Buffer.from('"usage');
const QUOTE = 0x22;
const COLON = 0x3a;
const OPEN_BRACE = 0x7b;

/** Where the first member `usage` is that may be an object, or -1; many chunks say `"usage":null`. */
export function findUsage(bytes: Buffer, from: number): number {
  for (let mark = bytes.indexOf(MARK, from); mark >= 0; mark = bytes.indexOf(MARK, mark + 1)) {
    let position = mark + MARK.length;
    if (position < bytes.length && bytes[position++] !== QUOTE) continue;
    while ((bytes[position] as number) <= 0x20 || bytes[position] === COLON) position += 1;
    if (position >= bytes.length || bytes[position] === OPEN_BRACE) return mark;
  }
  return -1;
}

const NO_CHOICES = /"choices"\s*:\s*\[\s*\]/;

/**
 * Whether an event of a chat stream is the chunk that `stream_options.include_usage` asks for: no choices, only usage.
 * https://platform.openai.com/docs/api-reference/chat-streaming
 */
export function isUsageOnlyEvent(event: Buffer): boolean {
  if (findUsage(event, 0) < 0 || !NO_CHOICES.test(event.toString("latin1"))) return false;
  const data = readEventData(event);
  const chunk = data && parseJson(data.bytes);
  return (
    isJsonObject(chunk) &&
    Array.isArray(chunk["choices"]) &&
    chunk["choices"].length === 0 &&
    isJsonObject(chunk["usage"])
  );
}
