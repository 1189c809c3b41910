import type { MediaBlock } from "../form/blocks.ts";
import { CannotTranslate } from "../form/dialect.ts";
import { mediaTypeOf } from "../form/media-type.ts";
import type { WireObject } from "./members.ts";
import type { Writing } from "./writing.ts";

const IMAGES: ReadonlySet<string> = new Set(["image/jpeg", "image/png", "image/gif", "image/webp"]);

const PDF = "application/pdf";

/** Types of documents that are read as plain text. */
const TEXT = /^(?:text\/|application\/(?:json|xml|yaml|x-yaml|javascript|sql|toml)(?:;|$))/;

/**
 * Writes an `image` or `document` block.
 * @throws CannotTranslate for sound, film, files in a store and types that the wire does not take
 */
export function writeMedia(block: MediaBlock, writing: Writing): WireObject {
  if (block.source.kind === "file") {
    throw new CannotTranslate("file_id", "the file is in the store of another provider; send its bytes");
  }
  switch (block.type) {
    case "image":
      if (block.detail !== undefined && block.detail !== "auto") writing.note("dropped", "detail");
      return writing.mark({ type: "image", source: imageSource(block) }, block.cache);
    case "document": {
      const written = { type: "document", source: documentSource(block), ...(block.name && { title: block.name }) };
      return writing.mark(written, block.cache);
    }
    case "audio":
    case "video":
      throw new CannotTranslate(block.type, `its API takes no ${block.type}`);
  }
}

function imageSource({ source, mediaType }: MediaBlock): WireObject {
  if (source.kind === "url") return { type: "url", url: source.url };
  if (source.kind !== "base64") throw new CannotTranslate("image", "an image must be bytes or a URL");
  const type = typeOf(source.data, mediaType);
  if (!type || !IMAGES.has(type)) {
    throw new CannotTranslate("image", `images must be JPEG, PNG, GIF or WebP, not ${type ?? "of an unknown type"}`);
  }
  return { type: "base64", media_type: type, data: source.data };
}

function documentSource({ source, mediaType }: MediaBlock): WireObject {
  if (source.kind === "url") return { type: "url", url: source.url };
  if (source.kind === "text") return plainText(source.text);
  if (source.kind !== "base64") throw new CannotTranslate("document", "a document must be bytes, text or a URL");
  const type = typeOf(source.data, mediaType);
  if (type === PDF) return { type: "base64", media_type: PDF, data: source.data };
  if (type && TEXT.test(type)) return plainText(Buffer.from(source.data, "base64").toString("utf8"));
  throw new CannotTranslate("document", `documents must be PDF or text, not ${type ?? "of an unknown type"}`);
}

const plainText = (data: string): WireObject => ({ type: "text", media_type: "text/plain", data });

/** What the bytes are; an unknown beginning is what it is said to be. */
function typeOf(data: string, said: string | undefined): string | undefined {
  const type = mediaTypeOf(data) ?? said?.toLowerCase();
  return type === "image/jpg" ? "image/jpeg" : type;
}
