import { isJsonObject, parseJson } from "../../core/json/parse.ts";

const MARK = Buffer.from('"usage"');
const COLON = 0x3a;
const OPEN_BRACE = 0x7b;

/** Where the first member `usage` is that may be an object, or -1; many chunks say `"usage":null`. */
export function findUsage(bytes: Buffer, from: number): number {
  for (let mark = bytes.indexOf(MARK, from); mark >= 0; mark = bytes.indexOf(MARK, mark + 1)) {
    let position = mark + MARK.length;
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
  if (findUsage(event, 0) < 0) return false;
  const text = event.toString("utf8");
  if (!NO_CHOICES.test(text)) return false;
  const data = text
    .split(/\r\n|\r|\n/)
    .flatMap((line) => /^data: ?(.*)$/.exec(line)?.[1] ?? [])
    .join("\n");
  const chunk = parseJson(data);
  return (
    isJsonObject(chunk) &&
    Array.isArray(chunk["choices"]) &&
    chunk["choices"].length === 0 &&
    isJsonObject(chunk["usage"])
  );
}
