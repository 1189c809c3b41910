import { isJsonObject, type JsonObject } from "../../core/json/parse.ts";
import type { CacheMark } from "../form/blocks.ts";

/** An object of the wire while it is put together. */
export type WireObject = { [name: string]: unknown };

/** The blocks of a `content` or `system` member, which may be a string instead; undefined if it is neither. */
export function blocksOf(content: unknown): readonly JsonObject[] | undefined {
  if (content === undefined || content === null) return [];
  if (typeof content === "string") return content === "" ? [] : [{ type: "text", text: content }];
  if (!Array.isArray(content)) return undefined;
  return content.flatMap((block: unknown): JsonObject[] => {
    if (typeof block === "string") return [{ type: "text", text: block }];
    return isJsonObject(block) ? [block] : [];
  });
}

/** `cache_control` of a block or tool. https://docs.anthropic.com/en/docs/build-with-claude/prompt-caching */
export function readCache({ cache_control: control }: JsonObject): CacheMark | undefined {
  if (!isJsonObject(control)) return undefined;
  const ttl = control["ttl"];
  return { ttl: ttl === "5m" || ttl === "1h" ? ttl : undefined };
}
