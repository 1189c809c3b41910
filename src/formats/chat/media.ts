import type { MediaBlock } from "../form/blocks.ts";

/** The type of block that holds data of a media type. */
export function blockTypeOf(mediaType: string | undefined): MediaBlock["type"] {
  const kind = mediaType?.split("/", 1)[0];
  return kind === "image" || kind === "audio" || kind === "video" ? kind : "document";
}

export const dataUrl = (mediaType: string, data: string): string => `data:${mediaType};base64,${data}`;
