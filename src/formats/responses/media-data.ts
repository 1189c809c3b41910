import type { MediaSource } from "../form/blocks.ts";

/** How files begin, in base64. */
const SIGNATURES: readonly (readonly [prefix: string, mediaType: string])[] = [
  ["iVBORw0KGgo", "image/png"],
  ["/9j/", "image/jpeg"],
  ["R0lGOD", "image/gif"],
  ["UklGR", "image/webp"],
  ["JVBERi0", "application/pdf"],
];

export interface MediaData {
  readonly source: MediaSource;
  readonly mediaType: string | undefined;
}

/** The media type of bytes in base64 by their first ones; undefined if it is none of the usual ones. */
export const mediaTypeByBytes = (base64: string): string | undefined =>
  SIGNATURES.find(([prefix]) => base64.startsWith(prefix))?.[1];

/** `data:<type>;base64,<bytes>` (RFC 2397), another URL, or the bytes alone if `bare` allows for them. */
export function readMediaText(text: string, bare: "url" | "base64"): MediaData {
  if (!text.startsWith("data:")) {
    return bare === "url"
      ? { source: { kind: "url", url: text }, mediaType: undefined }
      : { source: { kind: "base64", data: text }, mediaType: mediaTypeByBytes(text) };
  }
  const comma = text.indexOf(",");
  const [type = "", ...parameters] = text.slice("data:".length, Math.max(comma, 0)).split(";");
  const data = text.slice(comma + 1);
  const isBase64 = parameters.includes("base64");
  const base64 = isBase64 ? data : Buffer.from(decodePercent(data)).toString("base64");
  return { source: { kind: "base64", data: base64 }, mediaType: type === "" ? mediaTypeByBytes(base64) : type };
}

function decodePercent(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

export const toDataUrl = (mediaType: string, base64: string): string => `data:${mediaType};base64,${base64}`;
