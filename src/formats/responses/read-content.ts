import type { JsonObject } from "../../core/json/parse.ts";
import type { Annotation, CacheMark, MediaBlock, TextBlock } from "../form/blocks.ts";
import { isSet, listOf, numberOf, objectOf, textOf } from "../../core/json/values.ts";
import { type MediaData, readMediaText } from "./media-data.ts";
import type { ForeignMembers } from "./member-lists.ts";

/**
 * The content of a message or of a tool's result: text, or a list of parts. Empty texts are left out.
 * @param path of the content, `input[2].content`
 */
export function readContent(content: unknown, path: string, foreign: ForeignMembers): (TextBlock | MediaBlock)[] {
  if (typeof content === "string") return content === "" ? [] : [{ type: "text", text: content }];
  return listOf(content).flatMap((part, index) => {
    const partPath = `${path}[${index}]`;
    const block = readPart(objectOf(part) ?? {});
    if (block === undefined) foreign.essential(`${partPath}.type`);
    if (block === undefined || (block.type === "text" && block.text === "")) return [];
    const cache = readCache(objectOf(part)?.["prompt_cache_breakpoint"]);
    return [cache ? { ...block, cache } : block];
  });
}

function readPart(part: JsonObject): TextBlock | MediaBlock | undefined {
  switch (part["type"]) {
    case "input_text":
    case "text":
    case "summary_text":
      return { type: "text", text: textOf(part["text"]) ?? "" };
    case "output_text":
    case "refusal":
      return readOutputPart(part);
    case "input_image":
      return readImage(part);
    case "input_file":
      return readFile(part);
    case "input_audio":
      return readAudio(part);
    default:
      return undefined;
  }
}

/** A part of what a model said; undefined if it is none that the form has. */
export function readOutputPart(part: JsonObject): TextBlock | undefined {
  if (part["type"] === "refusal") return { type: "text", text: textOf(part["refusal"]) ?? "", isRefusal: true };
  if (part["type"] !== "output_text") return undefined;
  const annotations = listOf(part["annotations"]).flatMap((annotation) => readAnnotation(annotation) ?? []);
  const text = textOf(part["text"]) ?? "";
  return annotations.length === 0 ? { type: "text", text } : { type: "text", text, annotations };
}

/** Only those of URLs mean something elsewhere: files lie in the provider's store. */
export function readAnnotation(value: unknown): Annotation | undefined {
  const annotation = objectOf(value);
  if (annotation?.["type"] !== "url_citation") return undefined;
  return {
    url: textOf(annotation["url"]),
    title: textOf(annotation["title"]),
    start: numberOf(annotation["start_index"]),
    end: numberOf(annotation["end_index"]),
  };
}

function readImage(part: JsonObject): MediaBlock | undefined {
  // Clients of Chat Completions write `{url}` here too.
  const url = textOf(part["image_url"]) ?? textOf(objectOf(part["image_url"])?.["url"]);
  const detail = textOf(part["detail"]);
  const found = url === undefined ? readFileId(part) : readMediaText(url, "url");
  return found && { type: "image", ...found, ...(detail === undefined ? {} : { detail }) };
}

function readFile(part: JsonObject): MediaBlock | undefined {
  const name = textOf(part["filename"]);
  const data = textOf(part["file_data"]);
  const url = textOf(part["file_url"]);
  const found =
    data !== undefined
      ? readMediaText(data, "base64")
      : url !== undefined
        ? readMediaText(url, "url")
        : readFileId(part);
  return found && { type: "document", ...found, ...(name === undefined ? {} : { name }) };
}

function readFileId(part: JsonObject): MediaData | undefined {
  const id = textOf(part["file_id"]);
  return id === undefined ? undefined : { source: { kind: "file", id }, mediaType: undefined };
}

function readAudio(part: JsonObject): MediaBlock | undefined {
  const audio = objectOf(part["input_audio"]);
  const data = textOf(audio?.["data"]);
  const format = textOf(audio?.["format"]);
  if (data === undefined) return undefined;
  return {
    type: "audio",
    source: { kind: "base64", data },
    mediaType: format === undefined ? undefined : `audio/${format}`,
  };
}

/** OpenAI keeps prompts for 30 minutes or 12 hours, the form knows short and long. */
function readCache(breakpoint: unknown): CacheMark | undefined {
  if (!isSet(breakpoint)) return undefined;
  const ttl = objectOf(breakpoint)?.["ttl"];
  return { ttl: ttl === "12h" ? "1h" : ttl === "30m" ? "5m" : undefined };
}
