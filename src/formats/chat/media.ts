import type { MediaBlock } from "../form/blocks.ts";
import type { JsonObject } from "../../core/json/parse.ts";

export const dataUrl = (mediaType: string, data: string): string => `data:${mediaType};base64,${data}`;

/**
 * A picture that a model made, as an item of `images`, in OpenRouter's shape: OpenAI's API has no place for it.
 * @see https://openrouter.ai/docs/features/multimodal/image-generation
 * @returns undefined for what is no picture, or not at hand
 */
export function writeImage({ type, source, mediaType }: MediaBlock): JsonObject | undefined {
  if (type !== "image") return undefined;
  if (source.kind === "url") return { type: "image_url", image_url: { url: source.url } };
  if (source.kind !== "base64") return undefined;
  return { type: "image_url", image_url: { url: dataUrl(mediaType ?? "image/png", source.data) } };
}
