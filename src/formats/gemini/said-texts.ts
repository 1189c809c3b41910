import type { JsonObject } from "../../core/json/parse.ts";
import type { AnswerEvent } from "../form/answer-events.ts";
import { type GrowingText, openGrowingText } from "./growing-text.ts";
import { readAnnotations, type Source } from "./read-annotations.ts";

/** Characters of all texts that are kept for what is said of places in them; of longer ones the places are left out. */
const MAX_ANNOTATED = 1024 * 1024;

/** How many texts are kept; each may have to be looked at for each place. */
const MAX_TEXTS = 16;

interface SaidText {
  readonly block: number;
  /** Bytes of the texts before it, in UTF-8. */
  readonly bytesBefore: number;
  text: GrowingText;
}

/** The texts of an answer, which its end says the sources of, whatever has come behind them. */
export class SaidTexts {
  /** The last one first. */
  #texts: SaidText[] = [];
  /** Of all texts, in UTF-8. */
  #bytes = 0;
  /** Of what is kept, in UTF-16 units. */
  #kept = 0;
  #isTooLong = false;
  /** Of sources and their places, in characters. */
  #noted = 0;
  /** The numbers of sources. */
  readonly #sources = new Map<string, number>();
  /** What has been said of them already, as streams repeat it: place and number. */
  readonly #annotated = new Set<string>();

  /** Characters that are kept, those of sources included. */
  get held(): number {
    return this.#kept + this.#noted;
  }

  /** A text begins. */
  begin(block: number): void {
    this.#texts.unshift({ block, bytesBefore: this.#bytes, text: openGrowingText() });
    if (this.#texts.length > MAX_TEXTS) this.#forget(this.#texts.pop());
  }

  /** More of the last text. */
  add(piece: string): void {
    this.#bytes += Buffer.byteLength(piece);
    if (this.#isTooLong) return;
    this.#kept += piece.length;
    if (this.#kept <= MAX_ANNOTATED) return this.#texts[0]?.text.add(piece);
    this.#isTooLong = true;
    this.#kept = 0;
    for (const said of this.#texts) said.text = openGrowingText();
  }

  /** Reads what a candidate says of the sources of the texts. */
  annotate(candidate: JsonObject): AnswerEvent[] {
    if (!(candidate["groundingMetadata"] || candidate["citationMetadata"])) return [];
    // Each source of a candidate is looked up once, however often it is referred to.
    const numbers = new Map<Source, number>();
    return readAnnotations(candidate, this.#texts).flatMap(({ source, place: { block, start, end } }) => {
      const number = numbers.get(source) ?? this.#numberOf(source);
      numbers.set(source, number);
      const key = [block, start, end, number].join();
      if (this.#annotated.has(key)) return [];
      this.#annotated.add(key);
      this.#noted += key.length;
      return [{ type: "annotation", block, annotation: { ...source, start, end } } as const];
    });
  }

  #numberOf(source: Source): number {
    const said = JSON.stringify(source);
    const known = this.#sources.get(said);
    if (known !== undefined) return known;
    this.#noted += said.length;
    this.#sources.set(said, this.#sources.size);
    return this.#sources.size - 1;
  }

  #forget(said: SaidText | undefined): void {
    this.#kept -= said?.text.length ?? 0;
  }
}
