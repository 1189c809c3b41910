import { isJsonObject, type JsonObject } from "../core/json/parse.ts";

/** An image in a request, by its path; `url` is present if the format names the image by one. */
export interface ImageReference {
  readonly path: string;
  readonly url?: unknown;
}

/** Reads one content part: the image that it is, or undefined if it is something else. */
export type ReadImage = (part: JsonObject, path: string) => ImageReference | undefined;

/**
 * The first images of a list of messages or input items, wherever they are: as an item, as a part of its content, or as
 * a part of a tool's result inside that content.
 * @param accept called with every image in document order; the search ends when it returns true.
 * @returns whether any image was accepted.
 */
export const findImages = (
  items: unknown,
  path: string,
  readImage: ReadImage,
  accept: (image: ImageReference) => boolean,
): boolean => {
  if (!Array.isArray(items)) return false;
  return items.some((item: unknown, index) => {
    if (!isJsonObject(item)) return false;
    const itemPath = `${path}[${index}]`;
    const image = readImage(item, itemPath);
    if (image && accept(image)) return true;
    return NESTING_MEMBERS.some(
      (member) => Array.isArray(item[member]) && findImages(item[member], `${itemPath}.${member}`, readImage, accept),
    );
  });
};

/** What every image has in its bytes, whatever its format; or an escape that could spell it. */
const SIGNS_OF_IMAGES = ["image", "screenshot", "\\u00"].map((text) => Buffer.from(text));

/** Whether a request could hold an image at all, judged by its bytes: most hold none, and need not be searched. */
export function mayHoldImages(body: Buffer): boolean {
  return SIGNS_OF_IMAGES.some((sign) => body.includes(sign));
}

/** Where parts are inside of parts: `content` everywhere, `output` in the Responses API's tool results. */
const NESTING_MEMBERS = ["content", "output"] as const;

/** Chat Completions: `{type: "image_url", image_url: {url}}`, with the url alone in some clients. */
export const readChatImage: ReadImage = (part, path) => {
  const image = part["image_url"];
  if (part["type"] === "image_url" || image !== undefined) {
    return isJsonObject(image)
      ? { path: `${path}.image_url.url`, url: image["url"] }
      : { path: `${path}.image_url`, url: image };
  }
  return readAnthropicImage(part, path) ?? readInputImage(part, path);
};

/** Messages: `{type: "image", source: {type: "url", url} | {type: "base64", …} | {type: "file", …}}`. */
export const readAnthropicImage: ReadImage = (part, path) => {
  if (part["type"] !== "image") return undefined;
  const source = part["source"];
  return isJsonObject(source) && source["type"] === "url"
    ? { path: `${path}.source.url`, url: source["url"] }
    : { path };
};

/** Responses: `{type: "input_image", image_url | file_id}`, and the screenshots that a computer tool sends back. */
export const readInputImage: ReadImage = (part, path) => {
  const type = part["type"];
  if (type === "input_image") {
    return part["image_url"] == null ? { path } : { path: `${path}.image_url`, url: part["image_url"] };
  }
  const output = part["output"];
  const isScreenshot = isJsonObject(output) && output["type"] === "computer_screenshot";
  return isScreenshot ? { path: `${path}.output` } : undefined;
};

/** Gemini: `{inlineData}` or `{fileData}` of any type; the addresses of files may have any scheme. */
export const readGeminiImage: ReadImage = (part, path) => {
  const data = part["inlineData"] ?? part["inline_data"] ?? part["fileData"] ?? part["file_data"];
  return data === undefined ? undefined : { path };
};

const IMAGE_URL = /^(https?:\/\/|data:[a-z0-9.+-]+\/[a-z0-9.+-]+(;[a-z0-9-]+=[^;,]*)*;base64,)/i;

/** What is wrong with an image's url, in a sentence; undefined if it is an http(s) URL or a base64 data URI. */
export const describeImageUrl = ({ path, url }: ImageReference): string | undefined => {
  if (url === undefined) return undefined;
  if (typeof url === "string" && IMAGE_URL.test(url.slice(0, 256))) return undefined;
  return `${path} must be an https: or http: URL or a base64 data: URI`;
};
