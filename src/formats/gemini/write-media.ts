import type { MediaBlock } from "../form/blocks.ts";
import { CannotTranslate, SEND_BYTES, type WireTarget } from "../form/dialect.ts";
import { isTextType, mediaTypeOf } from "../form/media-type.ts";
import type { WireObject, Writing } from "./writing.ts";

/** https://ai.google.dev/gemini-api/docs/image-understanding#supported-formats */
const IMAGES: ReadonlySet<string> = new Set(["image/png", "image/jpeg", "image/webp", "image/heic", "image/heif"]);

const PDF = "application/pdf";

/** Files that Google has itself, by their addresses. https://ai.google.dev/gemini-api/docs/files */
const GOOGLE_FILE = /^(?:gs:\/\/|https:\/\/generativelanguage\.googleapis\.com\/)/i;

/** https://ai.google.dev/gemini-api/docs/video-understanding#youtube */
const YOUTUBE = /^https?:\/\/(?:(?:www|m)\.)?(?:youtube\.com|youtu\.be)\//i;

/** How closely a picture is looked at. https://ai.google.dev/gemini-api/docs/media-resolution */
const RESOLUTIONS: ReadonlyMap<string, string> = new Map(
  Object.entries<string>({
    low: "MEDIA_RESOLUTION_LOW",
    high: "MEDIA_RESOLUTION_HIGH",
    original: "MEDIA_RESOLUTION_HIGH",
  }),
);

/**
 * Writes a part with bytes or with the address of a file.
 * @throws CannotTranslate for what the wire does not take
 */
export function writeMedia(block: MediaBlock, writing: Writing): WireObject {
  const part = writeSource(block, writing);
  const { detail } = block;
  if (detail === undefined || detail === "auto") return part;
  const level = RESOLUTIONS.get(detail);
  // Only models from 3 on are told of each picture.
  if (!level || !writing.target.facts.takesMediaInResults) writing.note("dropped", "detail");
  else part["mediaResolution"] = { level };
  return part;
}

function writeSource(block: MediaBlock, writing: Writing): WireObject {
  const { type, source, mediaType } = block;
  switch (source.kind) {
    case "base64":
      return { inlineData: { mimeType: wireType(type, source.data, mediaType), data: source.data } };
    case "text":
      return { inlineData: { mimeType: "text/plain", data: Buffer.from(source.text).toString("base64") } };
    case "url":
      if (!isReachable(source.url, writing.target)) {
        const help = needsBytes(block, writing.target) ? SEND_BYTES : "send the bytes";
        throw new CannotTranslate(`${type}_url`, `${UNREACHABLE}; ${help}`);
      }
      return { fileData: { ...(mediaType !== undefined && { mimeType: mediaType }), fileUri: source.url } };
    case "file":
      throw new CannotTranslate("file_id", "the file is in the store of another provider; send its bytes");
  }
}

const UNREACHABLE = "its API takes addresses of Google's own files and of YouTube only";

const isReachable = (url: string, { facts }: WireTarget): boolean =>
  GOOGLE_FILE.test(url) || (YOUTUBE.test(url) && !facts.knowsSchemasInPart);

/** Whether it is at an address at which the provider does not look. */
export const needsBytes = ({ type, source }: MediaBlock, target: WireTarget): boolean =>
  (type === "image" || type === "document") && source.kind === "url" && !isReachable(source.url, target);

/** What the bytes are; an unknown beginning is what it is said to be. */
function wireType(type: MediaBlock["type"], data: string, said: string | undefined): string {
  const known = (mediaTypeOf(data) ?? said)?.toLowerCase();
  const named = known ?? "of an unknown type";
  switch (type) {
    case "image": {
      const image = known === "image/jpg" ? "image/jpeg" : named;
      if (IMAGES.has(image)) return image;
      throw new CannotTranslate("image", `images must be PNG, JPEG, WebP, HEIC or HEIF, not ${named}`);
    }
    case "document":
      if (known === PDF || known?.startsWith("text/")) return known;
      if (known && isTextType(known)) return "text/plain";
      throw new CannotTranslate("document", `documents must be PDF or text, not ${named}`);
    default:
      if (known?.startsWith(`${type}/`)) return known;
      throw new CannotTranslate(type, `its media type must be one of ${type}, not ${named}`);
  }
}
