import type { JsonObject } from "../../core/json/parse.ts";
import type { OpenedBlock } from "../form/answer-events.ts";
import { listOf, numberOf, objectOf, textOf } from "../../core/json/values.ts";
import { readAnnotation, readOutputPart } from "./read-content.ts";
import { createStreamBlock, type ItemReader, type StreamBlock, type StreamOutput } from "./stream-block.ts";

const TEXT: OpenedBlock = { type: "text", isRefusal: false };
const REFUSAL: OpenedBlock = { type: "text", isRefusal: true };

interface Part {
  readonly block: StreamBlock;
  /** How many annotations have been read. */
  annotations: number;
}

/** A message: each part of it is a block. */
export function createMessageReader(output: StreamOutput): ItemReader {
  const parts = new Map<number, Part>();

  function partAt(index: number): Part {
    const known = parts.get(index);
    if (known) return known;
    const part: Part = { block: createStreamBlock(output), annotations: 0 };
    parts.set(index, part);
    return part;
  }

  const partOf = (event: JsonObject): Part => partAt(numberOf(event["content_index"]) ?? 0);

  /** All the text of a part, for those of which none has come in pieces. */
  function readWhole({ block }: Part, text: unknown, opened: OpenedBlock): void {
    if (!block.hasPieces()) block.piece(textOf(text) ?? "", opened);
  }

  function annotate(part: Part, annotation: unknown): void {
    const read = readAnnotation(annotation);
    if (!read || part.block.annotate(read)) part.annotations += 1;
  }

  function finishPart(part: Part, value: unknown): void {
    const content = objectOf(value) ?? {};
    const read = readOutputPart(content);
    if (read) readWhole(part, read.text, read.isRefusal ? REFUSAL : TEXT);
    for (const annotation of listOf(content["annotations"]).slice(part.annotations)) annotate(part, annotation);
    part.block.close();
  }

  return {
    read(type, event) {
      switch (type) {
        case "response.output_text.delta":
          return partOf(event).block.piece(textOf(event["delta"]) ?? "", TEXT);
        case "response.refusal.delta":
          return partOf(event).block.piece(textOf(event["delta"]) ?? "", REFUSAL);
        case "response.output_text.done":
          return readWhole(partOf(event), event["text"], TEXT);
        case "response.refusal.done":
          return readWhole(partOf(event), event["refusal"], REFUSAL);
        case "response.output_text.annotation.added":
          return annotate(partOf(event), event["annotation"]);
        case "response.content_part.done":
          return finishPart(partOf(event), event["part"]);
      }
    },
    done(item) {
      for (const [index, part] of listOf(item["content"]).entries()) finishPart(partAt(index), part);
    },
    close() {
      for (const { block } of parts.values()) block.close();
    },
  };
}
