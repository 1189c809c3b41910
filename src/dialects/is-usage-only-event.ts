import { isJsonObject } from "../json/decode-object.ts";

const NO_CHOICES = /"choices"\s*:\s*\[\s*\]/;

/**
 * Whether an event of a chat stream is the chunk that `stream_options.include_usage` asks for: no choices, only usage.
 * https://platform.openai.com/docs/api-reference/chat-streaming
 */
export function isUsageOnlyEvent(event: Buffer): boolean {
  if (!event.includes('"usage"')) return false;
  const text = event.toString("utf8");
  if (!NO_CHOICES.test(text)) return false;
  const data = text
    .split(/\r\n|\r|\n/)
    .flatMap((line) => /^data: ?(.*)$/.exec(line)?.[1] ?? [])
    .join("\n");
  try {
    const chunk: unknown = JSON.parse(data);
    return (
      isJsonObject(chunk) &&
      Array.isArray(chunk["choices"]) &&
      chunk["choices"].length === 0 &&
      isJsonObject(chunk["usage"])
    );
  } catch {
    return false;
  }
}
