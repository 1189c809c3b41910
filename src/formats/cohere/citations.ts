import { isJsonObject, type JsonObject } from "../../core/json/parse.ts";
import { filledTextOf, listOf, numberOf, objectOf } from "../../core/json/values.ts";
import type { Annotation } from "../form/blocks.ts";

/** Where the characters of a text are that take two UTF-16 units, while the text grows. */
export class TextOffsets {
  #characters = 0;
  /** Positions in characters, rising. */
  readonly #wide: number[] = [];

  add(text: string): void {
    for (let unit = 0; unit < text.length; unit++) {
      if ((text.codePointAt(unit) ?? 0) > 0xffff) {
        this.#wide.push(this.#characters);
        unit += 1;
      }
      this.#characters += 1;
    }
  }

  /** The provider counts characters, the form counts UTF-16 units. */
  toUnits(characters: number): number {
    let low = 0;
    let high = this.#wide.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#wide[middle] ?? 0) < characters) low = middle + 1;
      else high = middle;
    }
    return characters + low;
  }
}

/** What a citation is of: a part of the content by its index, or the plan before calls. */
export interface Cited {
  readonly place: number | "plan";
  readonly annotations: readonly Annotation[];
}

/** Reads a citation, which may name several sources: each is an annotation. */
export function readCitation(
  citation: JsonObject,
  offsetsOf: (place: Cited["place"]) => TextOffsets | undefined,
): Cited {
  const place = citation["type"] === "PLAN" ? "plan" : (numberOf(citation["content_index"]) ?? 0);
  const offsets = offsetsOf(place);
  const toUnits = (value: unknown): number | undefined => {
    const characters = numberOf(value);
    return characters === undefined ? undefined : (offsets?.toUnits(characters) ?? characters);
  };
  const start = toUnits(citation["start"]);
  const end = toUnits(citation["end"]);
  const sources = listOf(citation["sources"]).filter(isJsonObject);
  return { place, annotations: sources.map((source) => ({ ...readSource(source), start, end })) };
}

function readSource(source: JsonObject): Pick<Annotation, "url" | "title"> {
  const found = objectOf(source["document"]) ?? objectOf(source["tool_output"]) ?? {};
  return { url: filledTextOf(found["url"]), title: filledTextOf(found["title"]) ?? filledTextOf(source["id"]) };
}
