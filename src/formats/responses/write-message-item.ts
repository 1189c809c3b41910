import type { JsonObject } from "../../core/json/parse.ts";
import type { Annotation } from "../form/blocks.ts";
import type { BlockWriter, OutputItems } from "./output-items.ts";
import { writeAnnotation } from "./write-content.ts";

export interface PartWriter extends BlockWriter {
  piece(text: string): void;
  annotate(annotation: Annotation): void;
}

/** A message, to which neighbouring texts belong, each as a part. */
export interface MessageItem {
  openPart(isRefusal: boolean): PartWriter;
  /** There are no more parts: the item is finished when the last one is closed. */
  endParts(): void;
}

interface Part {
  readonly isRefusal: boolean;
  readonly pieces: string[];
  readonly annotations: JsonObject[];
}

const describePart = ({ isRefusal, pieces, annotations }: Part): JsonObject =>
  isRefusal
    ? { type: "refusal", refusal: pieces.join("") }
    : { type: "output_text", text: pieces.join(""), annotations: [...annotations], logprobs: [] };

export function createMessageItem(items: OutputItems): MessageItem {
  const parts: Part[] = [];
  let openParts = 0;
  let isEnded = false;
  const item = items.add("msg", (id, status) => ({
    id,
    type: "message",
    status,
    role: "assistant",
    content: parts.map(describePart),
  }));
  return {
    openPart(isRefusal) {
      const part: Part = { isRefusal, pieces: [], annotations: [] };
      const content_index = parts.push(part) - 1;
      openParts += 1;
      item.emit("response.content_part.added", { content_index, part: describePart(part) });
      return {
        piece(delta) {
          part.pieces.push(delta);
          if (isRefusal) item.emit("response.refusal.delta", { content_index, delta });
          else item.emit("response.output_text.delta", { content_index, delta, logprobs: [] });
        },
        annotate(annotation) {
          const written = isRefusal ? undefined : writeAnnotation(annotation);
          if (!written) return;
          const annotation_index = part.annotations.push(written) - 1;
          item.emit("response.output_text.annotation.added", { content_index, annotation_index, annotation: written });
        },
        close() {
          const text = part.pieces.join("");
          if (isRefusal) item.emit("response.refusal.done", { content_index, refusal: text });
          else item.emit("response.output_text.done", { content_index, text, logprobs: [] });
          item.emit("response.content_part.done", { content_index, part: describePart(part) });
          openParts -= 1;
          if (isEnded && openParts === 0) item.finish();
        },
      };
    },
    endParts() {
      isEnded = true;
      if (openParts === 0) item.finish();
    },
  };
}
