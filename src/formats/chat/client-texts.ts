import type { JsonObject } from "../../core/json/parse.ts";
import type { Annotation, Seal } from "../form/blocks.ts";
import { writeAnnotation } from "./annotations.ts";
import type { ChunkTexts } from "./chunk-text.ts";

/** The texts of a client's stream, which are one text there, and what the model declined. */
export interface ClientTexts {
  open(block: number, isRefusal: boolean): void;
  extend(block: number, piece: string): string;
  annotate(block: number, annotation: Annotation): void;
  seal(block: number, seal: Seal): void;
  /** What a text was sealed with, if it was; once. */
  takeSeal(block: number): Seal | undefined;
  /** Those of all texts. They go out at once, as most clients keep of unknown members what the last delta said. */
  annotations(): string;
  has(block: number): boolean;
  readonly hasText: boolean;
  readonly hasRefusal: boolean;
}

interface ClientText {
  readonly isRefusal: boolean;
  /** Where it begins in the content. */
  readonly offset: number;
  length: number;
  seal: Seal | undefined;
}

export function createClientTexts(texts: ChunkTexts): ClientTexts {
  const open = new Map<number, ClientText>();
  const annotated: { readonly annotation: Annotation; readonly text: ClientText }[] = [];
  let length = 0;
  let hasRefusal = false;
  return {
    open(block, isRefusal) {
      open.set(block, { isRefusal, offset: length, length: 0, seal: undefined });
    },
    extend(block, piece) {
      const text = open.get(block);
      if (text === undefined) return "";
      if (text.isRefusal) {
        hasRefusal = true;
        return texts.delta({ refusal: piece });
      }
      text.length += piece.length;
      length += piece.length;
      return texts.delta({ content: piece });
    },
    annotate(block, annotation) {
      const text = open.get(block);
      if (text !== undefined) annotated.push({ annotation, text });
    },
    seal(block, seal) {
      const text = open.get(block);
      if (text !== undefined) text.seal = seal;
    },
    takeSeal(block) {
      const text = open.get(block);
      const seal = text?.seal;
      if (text !== undefined) text.seal = undefined;
      return seal;
    },
    annotations() {
      const written = annotated.flatMap(({ annotation, text }): JsonObject[] => {
        const item = writeAnnotation(annotation, text.offset, text.length);
        return item === undefined ? [] : [item];
      });
      return written.length === 0 ? "" : texts.delta({ annotations: written });
    },
    has: (block) => open.has(block),
    get hasText() {
      return length > 0;
    },
    get hasRefusal() {
      return hasRefusal;
    },
  };
}
