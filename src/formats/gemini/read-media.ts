import { blockTypeOf } from "../form/media-type.ts";
import type { JsonObject } from "../../core/json/parse.ts";
import { filledTextOf, textOf } from "../../core/json/values.ts";
import type { MediaBlock } from "../form/blocks.ts";
import type { ForeignMember } from "../form/conversation.ts";
import { camelObjectOf } from "./camel-members.ts";

/** Files in Google's own stores, and videos that only Google can look at. */
const GOOGLES_OWN =
  /^gs:|^https?:\/\/(?:generativelanguage\.googleapis\.com|(?:www\.|m\.)?youtube\.com|youtu\.be)\/|^(?!https?:)/i;

const DETAILS: ReadonlyMap<string, string> = new Map(
  Object.entries<string>({
    MEDIA_RESOLUTION_LOW: "low",
    MEDIA_RESOLUTION_MEDIUM: "auto",
    MEDIA_RESOLUTION_HIGH: "high",
    MEDIA_RESOLUTION_ULTRA_HIGH: "original",
  }),
);

/**
 * Reads a part with data or with the address of some.
 * @param path where the part is, for what cannot cross to other formats
 * @returns undefined if it is no such part, or one that means nothing elsewhere
 */
export function readMedia(part: JsonObject, path: string, foreign: ForeignMember[]): MediaBlock | undefined {
  const inline = camelObjectOf(part["inlineData"]);
  const file = camelObjectOf(part["fileData"]);
  if (part["videoMetadata"] !== undefined) foreign.push({ path: `${path}.videoMetadata`, isEssential: false });
  const detail = DETAILS.get(textOf(camelObjectOf(part["mediaResolution"])?.["level"]) ?? "");
  if (inline) {
    const data = textOf(inline["data"]) ?? "";
    return { ...describe(inline, data), ...(detail !== undefined && { detail }) };
  }
  if (!file) return undefined;
  const url = textOf(file["fileUri"]) ?? "";
  if (GOOGLES_OWN.test(url)) {
    foreign.push({ path: `${path}.fileData.fileUri`, isEssential: true });
    return undefined;
  }
  const mediaType = mediaTypeOf(file);
  const name = filledTextOf(file["displayName"]);
  return {
    type: blockTypeOf(mediaType),
    source: { kind: "url", url },
    mediaType,
    ...(name !== undefined && { name }),
    ...(detail !== undefined && { detail }),
  };
}

function describe(inline: JsonObject, data: string): MediaBlock {
  const mediaType = mediaTypeOf(inline);
  const name = filledTextOf(inline["displayName"]);
  const type = blockTypeOf(mediaType);
  const isText = mediaType?.startsWith("text/") ?? false;
  // The other alphabet of base64 is read here as well, and elsewhere it is not.
  const plain = /[-_]/.test(data) ? data.replaceAll("-", "+").replaceAll("_", "/") : data;
  return {
    type,
    source: isText
      ? { kind: "text", text: Buffer.from(plain, "base64").toString("utf8") }
      : { kind: "base64", data: plain },
    mediaType,
    ...(name !== undefined && { name }),
  };
}

/** Without parameters, in lower case. */
const mediaTypeOf = (data: JsonObject): string | undefined =>
  filledTextOf(data["mimeType"])?.split(";", 1)[0]?.trim().toLowerCase();
