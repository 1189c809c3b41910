import type { MediaSource } from "./blocks.ts";
import { mediaTypeOf } from "./media-type.ts";

/** A source and what kind of data it is, as far as that is known. */
export interface ReadMedia {
  readonly source: MediaSource;
  readonly mediaType: string | undefined;
}

const SCHEME = /^[a-z][a-z0-9+.-]*:/i;
const DATA_SCHEME = /^data:/i;
const BASE64_MARK = /;\s*base64\s*$/i;

/**
 * Reads what clients put where a URL is expected: a URL of any scheme, a data URL (RFC 2397), or, as Z.ai takes it,
 * base64 alone. The media type is the URL's, or else what the first bytes say.
 */
export function readMediaUrl(url: string): ReadMedia {
  if (!SCHEME.test(url)) return readBase64(url, undefined);
  const comma = url.indexOf(",");
  if (!DATA_SCHEME.test(url) || comma < 0) return { source: { kind: "url", url }, mediaType: undefined };
  const head = url.slice("data:".length, comma);
  const said = head.split(";", 1)[0]?.trim().toLowerCase() || undefined;
  const mediaType = said === "image/jpg" ? "image/jpeg" : said;
  const data = url.slice(comma + 1);
  if (BASE64_MARK.test(head)) return readBase64(data, mediaType);
  return readBase64(Buffer.from(decodePercents(data)).toString("base64"), mediaType ?? "text/plain");
}

function readBase64(data: string, mediaType: string | undefined): ReadMedia {
  return { source: { kind: "base64", data }, mediaType: mediaType ?? mediaTypeOf(data) };
}

/** A text whose % codes are decoded; as it is if they are none. */
export function decodePercents(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
