import type { MediaBlock } from "./blocks.ts";

/** How the base64 text of known kinds of files begins. */
const BEGINNINGS: readonly (readonly [beginning: RegExp, mediaType: string])[] = [
  [/^iVBORw0KGgo/, "image/png"],
  [/^\/9j\//, "image/jpeg"],
  [/^R0lGOD/, "image/gif"],
  // RIFF, a length, WEBP: sound has the same first bytes.
  [/^UklGR.{7}RUJQ/, "image/webp"],
  [/^JVBERi/, "application/pdf"],
];

/** The media type of bytes in base64 by their first ones; undefined if it is none of the usual ones of pictures and pages. */
export function mediaTypeOf(base64: string): string | undefined {
  return BEGINNINGS.find(([beginning]) => beginning.test(base64))?.[1];
}

/** The type of block that holds data of a media type. */
export function blockTypeOf(mediaType: string | undefined): MediaBlock["type"] {
  const kind = mediaType?.split("/", 1)[0];
  return kind === "image" || kind === "audio" || kind === "video" ? kind : "document";
}

/** Types of documents that are read as plain text. */
const TEXT = /^(?:text\/|application\/(?:json|xml|yaml|x-yaml|javascript|sql|toml)(?:;|$))/i;

export const isTextType = (mediaType: string): boolean => TEXT.test(mediaType);

/** What names of files end with, if that is not the second half of the type. */
const ENDINGS: ReadonlyMap<string, string> = new Map(
  Object.entries<string>({
    "text/plain": "txt",
    "text/markdown": "md",
    "application/javascript": "js",
    "application/x-yaml": "yaml",
  }),
);

const HAS_ENDING = /\.[a-z\d]{1,8}$/i;

/**
 * A name for a file: providers refuse a file without one, and OpenAI goes by what it ends with.
 * @param name as the client calls it, such as the title of a document
 */
export function fileNameOf(name: string | undefined, mediaType: string): string {
  if (name !== undefined && HAS_ENDING.test(name)) return name;
  const type = mediaType.split(";", 1)[0]?.toLowerCase() ?? "";
  const ending = ENDINGS.get(type) ?? /\/([a-z\d]{1,8})$/.exec(type)?.[1];
  return ending === undefined ? (name ?? "document") : `${name ?? "document"}.${ending}`;
}
