import { isJsonObject, parseJson } from "../../core/json/parse.ts";

const MARK = Buffer.from('"usage"');
const COLON = 0x3a;
const OPEN_BRACE = 0x7b;

/** Whether a member `usage` that is an object may be in these bytes of a stream; many chunks say `"usage":null`. */
export function mayContainUsage(bytes: Buffer): boolean {
  for (let mark = bytes.indexOf(MARK); mark >= 0; mark = bytes.indexOf(MARK, mark + 1)) {
    let position = mark + MARK.length;
    while ((bytes[position] as number) <= 0x20 || bytes[position] === COLON) position += 1;
    if (position >= bytes.length || bytes[position] === OPEN_BRACE) return true;
  }
  return false;
}

const NO_CHOICES = /"choices"\s*:\s*\[\s*\]/;

/**
 * Whether an event of a chat stream is the chunk that `stream_options.include_usage` asks for: no choices, only usage.
 * https://platform.openai.com/docs/api-reference/chat-streaming
 */
export function isUsageOnlyEvent(event: Buffer): boolean {
  if (!mayContainUsage(event)) return false;
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
