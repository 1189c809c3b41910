import { isJsonObject, type JsonObject } from "../../core/json/parse.ts";
import { filledTextOf, listOf, numberOf, objectOf } from "../../core/json/values.ts";
import type { Annotation } from "../form/blocks.ts";
import type { GrowingText } from "./growing-text.ts";

/** A text that annotations are about. */
export interface AnnotatedText {
  /** The block's number. */
  readonly block: number;
  /** The block's own text. */
  readonly text: GrowingText;
  /** Bytes of the texts of the answer before it, in UTF-8. */
  readonly bytesBefore: number;
}

/** Where a statement comes from, as far as it is known. */
export type Source = Pick<Annotation, "url" | "title">;

/** A source of what stands in a place of a block; the same source is the same object. */
export interface PlacedSource {
  readonly source: Source;
  readonly place: Place;
}

/**
 * Reads from where statements come: `groundingMetadata` and `citationMetadata` of a candidate.
 * https://ai.google.dev/api/generate-content#GroundingMetadata
 * @param texts those of the answer, the last one first
 */
export function readAnnotations(candidate: JsonObject, texts: readonly AnnotatedText[]): readonly PlacedSource[] {
  const grounding = objectOf(candidate["groundingMetadata"]);
  const sources = listOf(grounding?.["groundingChunks"]).map(readSource);
  const supports = listOf(grounding?.["groundingSupports"]).filter(isJsonObject);
  const citation = objectOf(candidate["citationMetadata"]);
  const citations = listOf(citation?.["citations"] ?? citation?.["citationSources"]).filter(isJsonObject);
  const grounded = supports.flatMap((support) => {
    const place = findPlace(texts, objectOf(support["segment"]) ?? {});
    const indices = listOf(support["groundingChunkIndices"]);
    return indices.flatMap((index) => {
      const source = typeof index === "number" ? sources[index] : undefined;
      return source && place ? [{ source, place }] : [];
    });
  });
  const cited = citations.flatMap((item) => {
    const source = readSource({ web: item });
    const place = source && findPlace(texts, item);
    return place ? [{ source, place }] : [];
  });
  return [...grounded, ...cited];
}

/** Undefined if neither an address nor a title is known. */
function readSource(chunk: unknown): Source | undefined {
  const said = objectOf(chunk) ?? {};
  const source = objectOf(said["web"]) ?? objectOf(said["retrievedContext"]) ?? objectOf(said["maps"]) ?? {};
  const url = filledTextOf(source["uri"]);
  const title = filledTextOf(source["title"]);
  return url === undefined && title === undefined ? undefined : { url, title };
}

type Range = Pick<Annotation, "start" | "end">;

/** Within the block of that number. */
type Place = Range & Pick<AnnotatedText, "block">;

/**
 * Where a segment is: in the last text that shows what is said to stand there, or somewhere in the last one.
 * @param texts the last one first
 * @returns undefined if there is no text
 */
function findPlace(texts: readonly AnnotatedText[], segment: JsonObject): Place | undefined {
  for (const text of texts) {
    const range = findRange(text, segment);
    if (range) return { block: text.block, ...range };
  }
  const last = texts[0];
  return last && { block: last.block, start: undefined, end: undefined };
}

/**
 * Places are said in bytes, from the beginning of a part or, in streams, of the whole text; which of them it is shows the
 * text that stands there. Costs at most the length of what the segment quotes.
 */
function findRange({ text, bytesBefore }: AnnotatedText, segment: JsonObject): Range | undefined {
  const end = numberOf(segment["endIndex"]);
  if (end === undefined) return undefined;
  const start = numberOf(segment["startIndex"]) ?? 0;
  const quote = filledTextOf(segment["text"]);
  if (quote !== undefined && Buffer.byteLength(quote) !== end - start) return undefined;
  const bytes = text.bytes();
  for (const offset of bytesBefore === 0 ? [0] : [0, bytesBefore]) {
    const [from, to] = [start - offset, end - offset];
    if (from < 0 || to > bytes.length || from >= to) continue;
    if (quote === undefined || bytes.toString("utf8", from, to) === quote) {
      return { start: text.unitAt(from), end: text.unitAt(to) };
    }
  }
  return undefined;
}
