import type { JsonObject } from "../../core/json/parse.ts";
import type { MediaBlock } from "../form/blocks.ts";
import { CannotTranslate, SEND_BYTES } from "../form/dialect.ts";
import { mediaTypeOf } from "../form/media-type.ts";
import type { Writing } from "./writing.ts";

/**
 * The wire's names of formats, by media type.
 * https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ContentBlock.html
 */
const FORMATS: Readonly<Record<MediaBlock["type"], Readonly<Record<string, string>>>> = {
  image: { "image/png": "png", "image/jpeg": "jpeg", "image/jpg": "jpeg", "image/gif": "gif", "image/webp": "webp" },
  document: {
    "application/pdf": "pdf",
    "text/csv": "csv",
    "application/msword": "doc",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.ms-excel": "xls",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "text/html": "html",
    "text/markdown": "md",
  },
  audio: {
    "audio/mpeg": "mp3",
    "audio/mp3": "mp3",
    "audio/wav": "wav",
    "audio/x-wav": "wav",
    "audio/flac": "flac",
    "audio/aac": "aac",
    "audio/ogg": "ogg",
    "audio/opus": "opus",
    "audio/mp4": "m4a",
    "audio/m4a": "m4a",
    "audio/webm": "webm",
  },
  video: {
    "video/mp4": "mp4",
    "video/quicktime": "mov",
    "video/x-matroska": "mkv",
    "video/webm": "webm",
    "video/x-flv": "flv",
    "video/mpeg": "mpeg",
    "video/x-ms-wmv": "wmv",
    "video/3gpp": "three_gp",
  },
};

/** Other types of documents that are read as plain text. */
const TEXT = /^(?:text\/|application\/(?:json|xml|yaml|x-yaml|javascript|sql|toml)$)/;

/** Whether it is at a URL, and may be fetched from there. */
export const needsBytes = ({ type, source }: MediaBlock): boolean =>
  source.kind === "url" && (type === "image" || type === "document");

/**
 * Writes an `image`, `document`, `audio` or `video` block; the wire takes bytes alone.
 * @throws CannotTranslate for URLs, files in a store and types that the wire does not take
 */
export function writeMedia(block: MediaBlock, writing: Writing): JsonObject {
  const { type, source, detail } = block;
  if (source.kind === "file") {
    throw new CannotTranslate("file_id", "the file is in the store of another provider; send its bytes");
  }
  if (source.kind === "url") {
    throw new CannotTranslate(type, `its API takes no URLs; ${needsBytes(block) ? SEND_BYTES : "send the bytes"}`);
  }
  if (detail !== undefined && detail !== "auto") writing.note("dropped", "detail");
  const format = source.kind === "text" ? "txt" : formatOf(type, source.data, block.mediaType);
  const bytes = source.kind === "text" ? Buffer.from(source.text).toString("base64") : source.data;
  if (type !== "document") return { [type]: { format, source: { bytes } } };
  return { document: { format, name: writing.documentName(block.name), source: { bytes } } };
}

function nameOfFormat(type: MediaBlock["type"], mediaType: string): string | undefined {
  return Object.hasOwn(FORMATS[type], mediaType) ? FORMATS[type][mediaType] : undefined;
}

function formatOf(type: MediaBlock["type"], data: string, said: string | undefined): string {
  const seen = mediaTypeOf(data) ?? said?.toLowerCase().split(";", 1)[0]?.trim();
  const format = nameOfFormat(type, seen ?? "") ?? (type === "document" && TEXT.test(seen ?? "") ? "txt" : undefined);
  if (format !== undefined) return format;
  throw new CannotTranslate(
    type,
    `its API takes no ${type} of ${seen === undefined ? "an unknown type" : `the type ${seen}`}`,
  );
}
