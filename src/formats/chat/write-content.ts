import type { JsonObject } from "../../core/json/parse.ts";
import type { CacheMark, MediaBlock, MediaSource, TextBlock } from "../form/blocks.ts";
import { CannotTranslate, SEND_BYTES, type WireTarget } from "../form/dialect.ts";
import { fileNameOf, isTextType, mediaTypeOf } from "../form/media-type.ts";
import { dataUrl } from "./media.ts";
import { withoutUndefined } from "../../core/json/values.ts";
import type { Notes } from "../form/notes.ts";
import { type ProviderTraits, traitsOf } from "./provider-traits.ts";

/** What writers of parts of a request share. */
export interface WriteContext {
  readonly provider: string;
  /** As the provider is asked for it. */
  readonly model: string;
  readonly traits: ProviderTraits;
  readonly cacheMarks: CacheMarks;
  readonly notes: Notes;
}

/** Marks of what to cache: Anthropic's, which messages and tools may have as well, OpenAI's of parts alone, or none. */
export type CacheMarks = "cache_control" | "prompt_cache_breakpoint" | undefined;

export function cacheMarksOf({ isOpenAi, cacheControl }: ProviderTraits, { model, facts }: WireTarget): CacheMarks {
  if (isOpenAi) return facts.takesCacheBreakpoints ? "prompt_cache_breakpoint" : undefined;
  return cacheControl?.test(model) ? "cache_control" : undefined;
}

/** Texts alone: a text if there is one, else parts. */
export function writeTexts(blocks: readonly TextBlock[], context: WriteContext): string | readonly JsonObject[] {
  const [first] = blocks;
  if (first === undefined) return "";
  if (blocks.length > 1 || (first.cache !== undefined && context.cacheMarks !== undefined)) {
    return blocks.map((block) => writeText(block, context));
  }
  return first.text;
}

/** The content of a user's message: a text if it is one text, else parts. */
export function writeParts(
  blocks: readonly (TextBlock | MediaBlock)[],
  context: WriteContext,
): string | readonly JsonObject[] {
  if (blocks.every((block) => block.type === "text")) return writeTexts(blocks, context);
  return blocks.map((block) => (block.type === "text" ? writeText(block, context) : writeMedia(block, context)));
}

export function writeText({ text, cache }: TextBlock, context: WriteContext): JsonObject {
  return { type: "text", text, ...writePartMark(cache, context) };
}

/** Where it is not taken, caching is the provider's own business, and nothing is lost. */
export function writeCacheMark(cache: CacheMark | undefined, { cacheMarks }: WriteContext): JsonObject {
  if (cache === undefined || cacheMarks !== "cache_control") return {};
  return { cache_control: withoutUndefined({ type: "ephemeral", ttl: cache.ttl }) };
}

/** OpenAI keeps what is marked for as long as it likes. https://developers.openai.com/api/docs/guides/prompt-caching */
function writePartMark(cache: CacheMark | undefined, context: WriteContext): JsonObject {
  if (cache === undefined || context.cacheMarks !== "prompt_cache_breakpoint") return writeCacheMark(cache, context);
  return { prompt_cache_breakpoint: { mode: "explicit" } };
}
/** Whether it is a document at a URL, and the provider takes none there. */
export const needsBytes = ({ type, source }: MediaBlock, { provider }: Pick<WireTarget, "provider">): boolean =>
  type === "document" && source.kind === "url" && traitsOf(provider).documentUrl === undefined;

function writeMedia(block: MediaBlock, context: WriteContext): JsonObject {
  const { source } = block;
  if (source.kind === "file") {
    throw new CannotTranslate("file_id", "the file is in the store of another provider; send its data instead");
  }
  const cache = writePartMark(block.cache, context);
  switch (block.type) {
    case "image":
      return { ...writeImage(block), ...cache };
    case "document":
      return { ...writeDocument(block, context), ...cache };
    case "audio":
      return writeAudio(block);
    case "video":
      throw new CannotTranslate("video", "chat completions take no videos");
  }
}

function writeImage(block: MediaBlock): JsonObject {
  const { source, detail } = block;
  const mediaType = typeOf(block);
  if (source.kind === "url") return { type: "image_url", image_url: withoutUndefined({ url: source.url, detail }) };
  if (source.kind !== "base64" || mediaType === undefined) {
    throw new CannotTranslate("image", "its media type is neither said nor to be seen in its data");
  }
  return { type: "image_url", image_url: withoutUndefined({ url: dataUrl(mediaType, source.data), detail }) };
}

/** What it is said to be, or else what its bytes say. */
const typeOf = ({ source, mediaType }: MediaBlock): string | undefined =>
  mediaType ?? (source.kind === "base64" ? mediaTypeOf(source.data) : undefined);

function writeDocument(block: MediaBlock, { traits, notes }: WriteContext): JsonObject {
  const { source, name } = block;
  const mediaType = typeOf(block);
  const text = textOf(source, mediaType);
  if (text !== undefined) {
    // Few providers take files, OpenAI none but PDF here, and all take text.
    notes.adjusted("document");
    return { type: "text", text: name === undefined ? text : `${name}\n\n${text}` };
  }
  if (source.kind === "url") {
    if (traits.documentUrl === "document_url") {
      return withoutUndefined({ type: "document_url", document_url: source.url, document_name: name });
    }
    if (traits.documentUrl === "file_data") {
      return { type: "file", file: { filename: fileNameOf(name, "application/pdf"), file_data: source.url } };
    }
    throw new CannotTranslate("document", `it takes no documents by URL; ${SEND_BYTES}`);
  }
  if (source.kind !== "base64") throw new CannotTranslate("document", "it has no data");
  if (mediaType === undefined) {
    throw new CannotTranslate("document", "its media type is neither said nor to be seen in its data");
  }
  if (traits.documentUrl === "document_url") {
    const document_url = dataUrl(mediaType, source.data);
    return withoutUndefined({ type: "document_url", document_url, document_name: name });
  }
  const filename = fileNameOf(name, mediaType);
  return { type: "file", file: { filename, file_data: dataUrl(mediaType, source.data) } };
}

function textOf(source: MediaSource, mediaType: string | undefined): string | undefined {
  if (source.kind === "text") return source.text;
  if (source.kind !== "base64" || mediaType === undefined || !isTextType(mediaType)) return undefined;
  return Buffer.from(source.data, "base64").toString("utf8");
}

const AUDIO_FORMATS: ReadonlyMap<string, string> = new Map([
  ["mpeg", "mp3"],
  ["x-wav", "wav"],
  ["wave", "wav"],
]);

function writeAudio({ source, mediaType }: MediaBlock): JsonObject {
  if (source.kind !== "base64") throw new CannotTranslate("audio", "it takes audio only as data");
  if (mediaType === undefined) throw new CannotTranslate("audio", "its media type is not said");
  const kind = mediaType.slice(mediaType.indexOf("/") + 1);
  return { type: "input_audio", input_audio: { data: source.data, format: AUDIO_FORMATS.get(kind) ?? kind } };
}
