import { decodePercents } from "../form/media-url.ts";
import type { MediaSource } from "../form/blocks.ts";
import { mediaTypeOf } from "../form/media-type.ts";

export interface MediaData {
  readonly source: MediaSource;
  readonly mediaType: string | undefined;
}

/** `data:<type>;base64,<bytes>` (RFC 2397), another URL, or the bytes alone if `bare` allows for them. */
export function readMediaText(text: string, bare: "url" | "base64"): MediaData {
  if (!text.startsWith("data:")) {
    return bare === "url"
      ? { source: { kind: "url", url: text }, mediaType: undefined }
      : { source: { kind: "base64", data: text }, mediaType: mediaTypeOf(text) };
  }
  const comma = text.indexOf(",");
  const [type = "", ...parameters] = text.slice("data:".length, Math.max(comma, 0)).split(";");
  const data = text.slice(comma + 1);
  const isBase64 = parameters.includes("base64");
  const base64 = isBase64 ? data : Buffer.from(decodePercents(data)).toString("base64");
  return { source: { kind: "base64", data: base64 }, mediaType: type === "" ? mediaTypeOf(base64) : type };
}

export const toDataUrl = (mediaType: string, base64: string): string => `data:${mediaType};base64,${base64}`;
