import { isJsonObject, type JsonObject } from "../../core/json/parse.ts";
import type { MediaBlock, MediaSource } from "../form/blocks.ts";
import type { ForeignMember } from "../form/conversation.ts";
import { readMediaUrl } from "../form/media-url.ts";
import { textOf } from "../../core/json/values.ts";
import { blocksOf, readCache } from "./members.ts";

/**
 * Reads an `image` or `document` block.
 * @param path where it is, for what cannot cross to other formats
 * @returns undefined if its source has no place in the form: a file in the provider's own store, or odd content
 */
export function readMedia(block: JsonObject, path: string, foreign: ForeignMember[]): MediaBlock | undefined {
  const type = block["type"] === "image" ? "image" : "document";
  const source = isJsonObject(block["source"]) ? readSource(block["source"]) : undefined;
  if (!source) {
    foreign.push({ path: `${path}.source`, isEssential: true });
    return undefined;
  }
  if (typeof block["context"] === "string") foreign.push({ path: `${path}.context`, isEssential: false });
  const citations = block["citations"];
  if (isJsonObject(citations) && citations["enabled"] === true) {
    foreign.push({ path: `${path}.citations`, isEssential: false });
  }
  return { type, ...source, name: textOf(block["title"]), cache: readCache(block) };
}

function readSource(source: JsonObject): Pick<MediaBlock, "source" | "mediaType"> | undefined {
  const data = textOf(source["data"]);
  const mediaType = textOf(source["media_type"]);
  switch (source["type"]) {
    case "base64":
      return data === undefined ? undefined : { source: { kind: "base64", data }, mediaType };
    case "text":
      return data === undefined ? undefined : { source: { kind: "text", text: data }, mediaType: "text/plain" };
    case "url": {
      const url = textOf(source["url"]);
      // Bytes as a URL are understood as well.
      return url === undefined ? undefined : readMediaUrl(url);
    }
    case "content": {
      const text = readPlainContent(source["content"]);
      return text && { source: text, mediaType: "text/plain" };
    }
    default:
      return undefined;
  }
}

/** Content of a document that is only text. */
function readPlainContent(content: unknown): MediaSource | undefined {
  const blocks = blocksOf(content);
  if (!blocks) return undefined;
  const texts = blocks.map((block) => (block["type"] === "text" ? textOf(block["text"]) : undefined));
  return texts.includes(undefined) ? undefined : { kind: "text", text: texts.join("\n") };
}
