import type { JsonObject } from "../../core/json/parse.ts";
import type { Annotation, Block, MediaBlock, TextBlock } from "../form/blocks.ts";
import { CannotTranslate } from "../form/dialect.ts";
import { withoutUndefined } from "../../core/json/values.ts";
import { mediaTypeOf } from "../form/media-type.ts";
import { toDataUrl } from "./media-data.ts";

/**
 * What a user or a tool said: a text alone as it is, else parts. Cache marks are left out: OpenAI caches by itself.
 * @param path of the blocks, `messages[2].content`
 * @throws CannotTranslate
 */
export function writeInputContent(blocks: readonly Block[], path: string): string | JsonObject[] {
  const [first] = blocks;
  if (blocks.length === 1 && first?.type === "text") return first.text;
  return blocks.map((block, index) => writeInputPart(block, `${path}[${index}]`));
}

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
  return block.source.kind === "url"
    ? { type: "input_file", file_url: url }
    : { type: "input_file", filename: block.name ?? "document", file_data: url };
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
