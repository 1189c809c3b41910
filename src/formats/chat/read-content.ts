import { blockTypeOf } from "../form/media-type.ts";
import { isJsonObject, type JsonObject } from "../../core/json/parse.ts";
import type { Block, CacheMark, MediaBlock, TextBlock } from "../form/blocks.ts";
import type { ForeignMember } from "../form/conversation.ts";
import { readMediaUrl } from "../form/media-url.ts";
import { filledTextOf, objectOf, textOf } from "../../core/json/values.ts";
import { thinkingPartText } from "./thoughts.ts";

/** Gathers members that are not understood. */
export type Foreign = ForeignMember[];

/** Reads the content of a message: a text, one part, or a list of parts. Empty texts in a list stay, an empty content is none. */
export function readContent(content: unknown, path: string, foreign: Foreign): readonly Block[] {
  if (typeof content === "string") return content === "" ? [] : [{ type: "text", text: content }];
  if (isJsonObject(content)) return readPart(content, path, foreign);
  if (!Array.isArray(content)) return [];
  return content.flatMap((part: unknown, index) => readPart(part, `${path}[${index}]`, foreign));
}

function readPart(part: unknown, path: string, foreign: Foreign): readonly Block[] {
  if (typeof part === "string") return [{ type: "text", text: part }];
  if (!isJsonObject(part)) return [];
  const block = readKnownPart(part);
  if (block !== undefined) return [block];
  foreign.push({ path: `${path}.type`, isEssential: true });
  return [];
}

/** The parts of OpenAI's API, and those that Mistral (`document_url`, `thinking`) and open servers (`video_url`) add. */
function readKnownPart(part: JsonObject): Block | undefined {
  const cache = readCacheMark(part);
  switch (part["type"]) {
    case "text":
    case "input_text":
    case "output_text":
      return withCache({ type: "text", text: textOf(part["text"]) ?? "" }, cache);
    case "refusal":
      return { type: "text", text: textOf(part["refusal"]) ?? "", isRefusal: true };
    case "thinking":
      return { type: "thinking", text: thinkingPartText(part), seal: undefined };
    case "image_url":
    case "input_image":
      return readUrlPart("image", part["image_url"], part, cache);
    case "video_url":
      return readUrlPart("video", part["video_url"], part, cache);
    case "document_url":
      return readUrlPart("document", part["document_url"], part, cache);
    case "input_audio":
      return readAudio(part["input_audio"], cache);
    case "file":
      return readFile(objectOf(part["file"]) ?? {}, cache);
    default:
      return part["type"] === undefined && typeof part["text"] === "string"
        ? withCache({ type: "text", text: part["text"] }, cache)
        : undefined;
  }
}

/** `{url, detail}`, or the URL alone. */
function readUrlPart(
  type: MediaBlock["type"],
  value: unknown,
  part: JsonObject,
  cache: CacheMark | undefined,
): MediaBlock | undefined {
  const members = objectOf(value);
  const url = members ? filledTextOf(members["url"]) : filledTextOf(value);
  if (url === undefined) return undefined;
  const detail = filledTextOf(members?.["detail"]) ?? filledTextOf(part["detail"]);
  const name = filledTextOf(part["document_name"]);
  return withCache(
    { type, ...readMediaUrl(url), ...(detail !== undefined && { detail }), ...(name !== undefined && { name }) },
    cache,
  );
}

/** OpenAI: `{data, format}`; Mistral: base64 or a URL alone. */
function readAudio(value: unknown, cache: CacheMark | undefined): MediaBlock | undefined {
  const text = filledTextOf(value);
  if (text !== undefined) return withCache({ type: "audio", ...readMediaUrl(text) }, cache);
  const audio = objectOf(value);
  const data = filledTextOf(audio?.["data"]);
  const format = filledTextOf(audio?.["format"]);
  if (data === undefined) return undefined;
  const { source, mediaType } = readMediaUrl(data);
  return withCache({ type: "audio", source, mediaType: format === undefined ? mediaType : `audio/${format}` }, cache);
}

function readFile(file: JsonObject, cache: CacheMark | undefined): MediaBlock | undefined {
  const data = filledTextOf(file["file_data"]);
  const id = filledTextOf(file["file_id"]);
  const name = filledTextOf(file["filename"]);
  const named = name === undefined ? {} : { name };
  if (data !== undefined) {
    const media = readMediaUrl(data);
    return withCache({ type: blockTypeOf(media.mediaType), ...media, ...named }, cache);
  }
  if (id === undefined) return undefined;
  return withCache({ type: "document", source: { kind: "file", id }, mediaType: undefined, ...named }, cache);
}

function withCache<Kind extends TextBlock | MediaBlock>(block: Kind, cache: CacheMark | undefined): Kind {
  return cache === undefined ? block : { ...block, cache };
}

/** Anthropic's `cache_control`, as OpenRouter and others take it, or OpenAI's `prompt_cache_breakpoint`. */
export function readCacheMark(part: JsonObject): CacheMark | undefined {
  const mark = objectOf(part["cache_control"]) ?? objectOf(part["prompt_cache_breakpoint"]);
  if (mark === undefined) return undefined;
  const { ttl } = mark;
  if (ttl === "5m" || ttl === "30m") return { ttl: "5m" };
  return { ttl: ttl === "1h" || ttl === "12h" ? "1h" : undefined };
}
