import type { MediaBlock } from "../form/blocks.ts";
import type { OutputItems } from "./output-items.ts";

/** Whether it can be said here what a model of another API made. */
export const isPicture = ({ type, source }: MediaBlock): boolean => type === "image" && source.kind === "base64";

/** A picture that a model made, as the item of the tool that makes them here. */
export function createImageItem(items: OutputItems, { source, mediaType }: MediaBlock): void {
  const result = source.kind === "base64" ? source.data : null;
  const output_format = mediaType?.replace(/^image\//, "") ?? "png";
  items.add("ig", (id, status) => ({ id, type: "image_generation_call", status, output_format, result })).finish();
}
