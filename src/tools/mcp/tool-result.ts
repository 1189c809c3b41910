import { isJsonObject, type JsonObject } from "../../core/json/parse.ts";
import { openTurns } from "../../core/next-turn.ts";

/**
 * Cuts a text that is longer than `maxBytes` in UTF-8, at the end of a character, and says so in a last line that comes
 * on top.
 * @param wholeBytes how long the text is of which this is the beginning, if it is not all
 */
export function cutText(text: string, maxBytes: number, wholeBytes?: number): string {
  // No character takes more than three bytes for each of its UTF-16 units.
  if (text.length * 3 <= maxBytes) return text;
  const length = wholeBytes ?? Buffer.byteLength(text);
  if (length <= maxBytes) return text;
  const { read, written } = new TextEncoder().encodeInto(text, new Uint8Array(maxBytes));
  return `${text.slice(0, read)}\n[cut: the first ${written} of ${length} bytes]`;
}

/** How a failed tool's text begins. */
export const ERROR_PREFIX = "Error: ";

/**
 * The result of a tool as text for a model. Text comes as it is and embedded text with a line that says where it is
 * from. What is not text is named with its type and size and left out: base64 in a prompt costs much and says nothing.
 * Structured content is written as JSON if there is no text, since servers repeat it as text by the protocol's advice.
 */
export async function resultText(result: JsonObject): Promise<string> {
  const content = Array.isArray(result["content"]) ? result["content"].filter(isJsonObject) : [];
  const structured = result["structuredContent"];
  const turns = openTurns();
  const parts: string[] = [];
  for (const block of content) {
    parts.push(describeBlock(block));
    if (turns.isOver()) await turns.next();
  }
  if (structured !== undefined && !content.some(({ type }) => type === "text")) parts.push(JSON.stringify(structured));
  const text = parts.join("\n");
  if (result["isError"] === true) return asError(text === "" ? "the tool failed without saying why" : text);
  return text === "" ? "The tool returned nothing." : text;
}

/** A failure as a tool's text, which says so once. */
export function asError(text: string): string {
  return text.startsWith(ERROR_PREFIX) ? text : ERROR_PREFIX + text;
}

function describeBlock(block: JsonObject): string {
  switch (block["type"]) {
    case "text":
      return String(block["text"] ?? "");
    case "image":
    case "audio":
      return note([block["type"], block["mimeType"], sizeOf(block["data"])]);
    case "resource":
      return describeResource(isJsonObject(block["resource"]) ? block["resource"] : {});
    case "resource_link":
      return note(["link", block["title"] ?? block["name"], block["uri"], block["mimeType"], block["description"]]);
    default:
      return JSON.stringify(block);
  }
}

function describeResource({ uri, mimeType, text, blob }: JsonObject): string {
  if (typeof text === "string") return `${note(["resource", uri, mimeType])}\n${text}`;
  return note(["resource", uri, mimeType, sizeOf(blob)]);
}

/** `[image, image/png, 1234 bytes]`: what is known of something that is not shown. */
function note(facts: readonly unknown[]): string {
  return `[${facts.filter((fact) => typeof fact === "string" && fact !== "").join(", ")}]`;
}

/** The decoded size of a base64 text. */
function sizeOf(data: unknown): string {
  if (typeof data !== "string") return "";
  const padding = data.endsWith("==") ? 2 : data.endsWith("=") ? 1 : 0;
  return `${Math.max(0, Math.floor((data.length * 3) / 4) - padding)} bytes`;
}
