import { isJsonObject, type JsonObject } from "../json/decode-object.ts";

/** Names whose text comes whole, and perhaps again; every other text comes in pieces. */
const WHOLE_TEXTS: ReadonlySet<string> = new Set(["id", "type", "role", "name", "format"]);

/**
 * Adds what a delta brings to what the deltas before it have built: texts are joined, objects are merged, and of lists
 * the members with the same `index`. What a provider invents is treated alike, so that it can be given back to it.
 */
export function mergeDelta(built: JsonObject, delta: JsonObject): JsonObject {
  const merged: Record<string, unknown> = { ...built };
  for (const [name, value] of Object.entries(delta)) merged[name] = merge(name, merged[name], value);
  return merged;
}

function merge(name: string, earlier: unknown, later: unknown): unknown {
  if (later === null || later === undefined) return earlier ?? later;
  if (earlier === null || earlier === undefined) return later;
  if (typeof later === "string" && typeof earlier === "string") {
    if (WHOLE_TEXTS.has(name)) return later === "" ? earlier : later;
    return earlier + later;
  }
  if (isJsonObject(earlier) && isJsonObject(later)) return mergeDelta(earlier, later);
  // Mistral's content is a text while it answers, and a list of parts while it thinks.
  if (Array.isArray(earlier)) return mergeLists(earlier, typeof later === "string" ? textPart(later) : later);
  if (Array.isArray(later) && typeof earlier === "string") return mergeLists(textPart(earlier), later);
  return later;
}

function textPart(text: string): unknown[] {
  return text === "" ? [] : [{ type: "text", text }];
}

function mergeLists(earlier: readonly unknown[], later: unknown): unknown[] {
  const merged = [...earlier];
  for (const item of Array.isArray(later) ? (later as readonly unknown[]) : [later]) {
    const at = indexOf(item) === undefined ? -1 : merged.findIndex((known) => indexOf(known) === indexOf(item));
    const known = merged[at];
    if (isJsonObject(known) && isJsonObject(item)) merged[at] = mergeDelta(known, item);
    else merged.push(item);
  }
  return merged;
}

function indexOf(item: unknown): number | undefined {
  const index = isJsonObject(item) ? item["index"] : undefined;
  return typeof index === "number" ? index : undefined;
}
