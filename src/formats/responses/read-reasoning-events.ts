import type { JsonObject } from "../../core/json/parse.ts";
import type { OpenedBlock } from "../form/answer-events.ts";
import { textOf } from "../../core/json/values.ts";
import { createStreamBlock, type ItemReader, type StreamOutput } from "./stream-block.ts";
import { isEmptyThinking, readThinking } from "./thinking.ts";

const THINKING: OpenedBlock = { type: "thinking" };

/** Thoughts, raw or in a summary, whichever comes first. */
export function createReasoningReader(output: StreamOutput): ItemReader {
  const block = createStreamBlock(output);
  let source: string | undefined;
  let part: unknown;

  /** Parts are a blank line apart. The whole text of a part is read if none of it has come. */
  function think(event: JsonObject, from: string, member: "delta" | "text"): void {
    const piece = textOf(event[member]) ?? "";
    if (piece === "") return;
    source ??= from;
    const index = event["summary_index"] ?? event["content_index"] ?? 0;
    const isNewPart = block.hasPieces() && index !== part;
    if (source !== from || (member === "text" && block.hasPieces() && !isNewPart)) return;
    if (isNewPart) block.piece("\n\n", THINKING);
    part = index;
    block.piece(piece, THINKING);
  }

  return {
    read(type, event) {
      switch (type) {
        case "response.reasoning_summary_text.delta":
          return think(event, "summary", "delta");
        case "response.reasoning_summary_text.done":
          return think(event, "summary", "text");
        case "response.reasoning_text.delta":
          return think(event, "content", "delta");
        case "response.reasoning_text.done":
          return think(event, "content", "text");
      }
    },
    done(item) {
      const thinking = readThinking(item, output.origin);
      if (isEmptyThinking(thinking)) return;
      if (!block.hasPieces()) block.piece(thinking.text, THINKING);
      block.open(THINKING);
      if (thinking.seal) block.seal(thinking.seal);
    },
    close: () => block.close(),
  };
}
