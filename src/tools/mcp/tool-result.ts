import { isJsonObject, type JsonObject } from "../../core/json/parse.ts";
import { openTurns } from "../../core/event-loop.ts";

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
const ERROR_PREFIX = "Error: ";

/** Members of a result that are no content of their own. */
const ABOUT_RESULT: ReadonlySet<string> = new Set(["content", "structuredContent", "isError", "resultType", "_meta"]);

/** Members of an item of content that say nothing to a model. */
const ABOUT_ITEM: ReadonlySet<string> = new Set(["type", "annotations", "_meta"]);

/**
 * The result of a tool as text for a model. Text comes as it is and embedded text with a line that says where it is
 * from. What is not text is named with its type and size and left out: base64 in a prompt costs much and says nothing.
 * Structured content is written as JSON if there is no text, since servers repeat it as text by the protocol's advice.
 * Servers are careless with the form: whatever says something reaches the model, as JSON if it is not known.
 */
export async function resultText(result: JsonObject): Promise<string> {
  const items = contentOf(result["content"]);
  const structured = result["structuredContent"];
  const turns = openTurns();
  const parts: string[] = [];
  let hasText = false;
  for (const item of items) {
    const part = describeItem(item);
    hasText ||= part !== "" && isText(item);
    // An item that says nothing is not even an empty line, unless it is a text that is meant so.
    if (part !== "" || (isJsonObject(item) && item["text"] === "")) parts.push(part);
    if (turns.isOver()) await turns.next();
  }
  if (structured !== undefined && structured !== null && !hasText) parts.push(JSON.stringify(structured));
  const text = parts.length > 0 ? parts.join("\n") : describeRest(result, ABOUT_RESULT);
  if (result["isError"] === true) return asError(text === "" ? "the tool failed without saying why" : text);
  return text === "" ? "The tool returned nothing." : text;
}

/** A failure as a tool's text, which says so once. */
export function asError(text: string): string {
  return isErrorText(text) ? text : ERROR_PREFIX + text;
}

/** Whether a text is that of a failed tool. */
export const isErrorText = (text: string): boolean => text.startsWith(ERROR_PREFIX);

/** A list, whatever the server made of it. */
function contentOf(content: unknown): readonly unknown[] {
  if (content === undefined || content === null) return [];
  return Array.isArray(content) ? content : [content];
}

function isText(item: unknown): boolean {
  return typeof item === "string" || (isJsonObject(item) && kindOf(item) === "text");
}

function describeItem(item: unknown): string {
  if (item === undefined || item === null) return "";
  if (typeof item === "string") return item;
  return isJsonObject(item) ? describeBlock(item) : JSON.stringify(item);
}

function describeBlock(block: JsonObject): string {
  switch (kindOf(block)) {
    case "text":
      return describeText(block);
    case "image":
    case "audio":
      return note([block["type"], block["mimeType"], sizeOf(block["data"])]);
    case "resource":
      return describeResource(isJsonObject(block["resource"]) ? block["resource"] : block);
    case "resource_link":
      return note(["link", block["title"] ?? block["name"], block["uri"], block["mimeType"], block["description"]]);
    default:
      return JSON.stringify(block);
  }
}

/** The type of an item; of one that has none, what its members show. */
function kindOf(block: JsonObject): unknown {
  if (block["type"] !== undefined && block["type"] !== null) return block["type"];
  if ("text" in block) return "text";
  if (typeof block["data"] === "string" && "mimeType" in block) return "image";
  if (isJsonObject(block["resource"])) return "resource";
  return typeof block["uri"] === "string" ? "resource_link" : undefined;
}

function describeText(block: JsonObject): string {
  const { text } = block;
  if (typeof text === "string") return text;
  return text === undefined || text === null ? describeRest(block, ABOUT_ITEM) : JSON.stringify(text);
}

/** What an object says beside what is known of it: its only text, or JSON; empty if that is nothing. */
function describeRest(object: JsonObject, known: ReadonlySet<string>): string {
  const rest = Object.entries(object).filter(([name, value]) => !known.has(name) && value !== null);
  const [[, only] = []] = rest;
  if (rest.length < 2 && (only === undefined || typeof only === "string")) return only ?? "";
  return JSON.stringify(Object.fromEntries(rest));
}

function describeResource({ uri, mimeType, text, blob }: JsonObject): string {
  if (typeof text === "string") return `${note(["resource", uri, mimeType])}\n${text}`;
  const about = note(["resource", uri, mimeType, sizeOf(blob)]);
  return text === undefined || text === null ? about : `${about}\n${JSON.stringify(text)}`;
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
