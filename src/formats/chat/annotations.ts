import { isJsonObject, type JsonObject } from "../../core/json/parse.ts";
import type { Annotation, Block, TextBlock } from "../form/blocks.ts";
import { numberOf, objectOf, textOf } from "../../core/json/values.ts";

/** Reads `annotations`: `{type: "url_citation", url_citation: {…}}`, or the same without the nesting. Others are left out. */
export function readAnnotations(value: unknown): readonly Annotation[] {
  if (!Array.isArray(value)) return [];
  return value.filter(isJsonObject).flatMap((item): Annotation[] => {
    const citation = objectOf(item["url_citation"]) ?? item;
    const url = textOf(citation["url"]);
    if (url === undefined) return [];
    return [
      {
        url,
        title: textOf(citation["title"]),
        start: numberOf(citation["start_index"]),
        end: numberOf(citation["end_index"]),
      },
    ];
  });
}

/** Gives the last of the texts what the whole content is annotated with: it is one text here. */
export function annotateLast(blocks: readonly Block[], annotations: readonly Annotation[]): readonly Block[] {
  const position = blocks.findLastIndex(({ type }) => type === "text");
  const block = blocks[position];
  if (annotations.length === 0 || block?.type !== "text") return blocks;
  const annotated: TextBlock = { ...block, annotations };
  return blocks.with(position, annotated);
}

/**
 * @param offset where the text of the block begins in the content
 * @param length of that text, for citations of all of it
 * @returns undefined for what is not on the web
 */
export function writeAnnotation(annotation: Annotation, offset: number, length: number): JsonObject | undefined {
  const { url, title, start = 0, end = length } = annotation;
  if (url === undefined) return undefined;
  return {
    type: "url_citation",
    url_citation: { start_index: offset + start, end_index: offset + end, title: title ?? "", url },
  };
}
