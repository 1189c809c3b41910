import type { JsonObject } from "../../core/json/parse.ts";
import type { Annotation, Block, MediaBlock, TextBlock } from "../form/blocks.ts";
import { CannotTranslate, type WireTarget } from "../form/dialect.ts";
import { withoutUndefined } from "../../core/json/values.ts";
import { fileNameOf, mediaTypeOf } from "../form/media-type.ts";
import { toDataUrl } from "./media-data.ts";

/**
 * What a user or a tool said: a text alone as it is, else parts. Marks of what to cache go to models that take them; others
 * are cached by OpenAI itself.
 * @param path of the blocks, `messages[2].content`
 * @throws CannotTranslate
 */
export function writeInputContent(
  blocks: readonly Block[],
  path: string,
  { facts }: Pick<WireTarget, "facts">,
): string | JsonObject[] {
  const [first] = blocks;
  const isMarked = (block: Block | undefined): boolean =>
    facts.takesCacheBreakpoints === true && block !== undefined && "cache" in block && block.cache !== undefined;
  if (blocks.length === 1 && first?.type === "text" && !isMarked(first)) return first.text;
  return blocks.map((block, index) => {
    const part = writeInputPart(block, `${path}[${index}]`);
    return isMarked(block) ? { ...part, ...CACHE_MARK } : part;
  });
}

/** https://developers.openai.com/api/docs/guides/prompt-caching */
const CACHE_MARK: JsonObject = { prompt_cache_breakpoint: { mode: "explicit" } };

function writeInputPart(block: Block, path: string): JsonObject {
  switch (block.type) {
    case "text":
      return { type: "input_text", text: block.text };
    case "image":
      return withoutUndefined({
        type: "input_image",
        image_url: mediaUrl(block, path),
        detail: block.detail ?? "auto",
      });
    case "document":
      return writeFile(block, path);
    default:
      throw new CannotTranslate(path, `its API takes no ${block.type} here`);
  }
}

function mediaUrl({ source, mediaType }: MediaBlock, path: string): string {
  switch (source.kind) {
    case "url":
      return source.url;
    case "base64":
      return toDataUrl(requireType(mediaType ?? mediaTypeOf(source.data), path), source.data);
    case "text":
      return toDataUrl(mediaType ?? "text/plain", Buffer.from(source.text).toString("base64"));
    case "file":
      throw new CannotTranslate(path, "the file lies in another provider's store");
  }
}

function requireType(mediaType: string | undefined, path: string): string {
  if (mediaType === undefined) throw new CannotTranslate(path, "its media type is not known");
  return mediaType;
}

function writeFile(block: MediaBlock, path: string): JsonObject {
  const url = mediaUrl(block, path);
  if (block.source.kind === "url") return { type: "input_file", file_url: url };
  const type = block.mediaType ?? (block.source.kind === "base64" ? mediaTypeOf(block.source.data) : "text/plain");
  return { type: "input_file", filename: fileNameOf(block.name, type ?? ""), file_data: url };
}

/** What the model said, as a part of a message. */
export const writeOutputPart = ({ text, isRefusal, annotations = [] }: TextBlock): JsonObject =>
  isRefusal
    ? { type: "refusal", refusal: text }
    : { type: "output_text", text, annotations: annotations.flatMap((one) => writeAnnotation(one) ?? []) };

/** @returns undefined if there is no address, which the API requires */
export function writeAnnotation({ url, title, start, end }: Annotation): JsonObject | undefined {
  if (url === undefined) return undefined;
  return { type: "url_citation", start_index: start ?? 0, end_index: end ?? start ?? 0, url, title: title ?? "" };
}
