import type { JsonObject } from "../../core/json/parse.ts";
import type { Stop } from "../form/answer.ts";
import type { AnswerEvent, OpenedBlock } from "../form/answer-events.ts";
import type { MediaBlock, Seal } from "../form/blocks.ts";
import type { ClientAsk } from "../form/dialect.ts";
import { objectOf, textOf } from "../../core/json/values.ts";
import type { OutputItems } from "./output-items.ts";
import { createSealedCall, type SealedCallWriter } from "./write-call-item.ts";
import { createMessageItem, type MessageItem, type PartWriter } from "./write-message-item.ts";
import { createReasoningItem, createSealItem, type ReasoningWriter } from "./write-reasoning-item.ts";

type OpenBlock =
  | { readonly kind: "text"; readonly writer: PartWriter; seal: Seal | undefined }
  | { readonly kind: "thinking"; readonly writer: ReasoningWriter }
  | { readonly kind: "call"; readonly writer: SealedCallWriter };

/** The blocks of an answer as items of a response. */
export interface AnswerBlocks {
  add(event: AnswerEvent): void;
  /** Finishes all items. */
  end(stop: Stop): void;
}

export function createAnswerBlocks({ request, keepsId = false }: ClientAsk, items: OutputItems): AnswerBlocks {
  const tools = new Map(request.tools.map((tool) => [tool.name, tool]));
  const blocks = new Map<number, OpenBlock>();
  const allTexts = new Map<number, PartWriter>();
  let message: MessageItem | undefined;
  let call: SealedCallWriter | undefined;
  let hasRefusal = false;

  function endMessage(): void {
    message?.endParts();
    message = undefined;
  }

  function openText(isRefusal: boolean): PartWriter {
    if (isRefusal) hasRefusal = true;
    message ??= createMessageItem(items);
    return message.openPart(isRefusal);
  }

  function open(opened: OpenedBlock): OpenBlock | undefined {
    // Items are in the order in which they were opened.
    call?.begin();
    if (opened.type === "text") return { kind: "text", writer: openText(opened.isRefusal), seal: undefined };
    if (opened.type === "opaque" && opened.format !== "responses") return undefined;
    if (opened.type === "media" && !isPicture(opened.media)) return undefined;
    endMessage();
    switch (opened.type) {
      case "thinking":
        return { kind: "thinking", writer: createReasoningItem(items, keepsId) };
      case "call":
        call = createSealedCall(items, opened, tools.get(opened.name));
        return { kind: "call", writer: call };
      case "media":
        createImageItem(items, opened.media);
        return undefined;
      case "opaque":
        createOwnItem(items, objectOf(opened.value) ?? {});
        return undefined;
    }
  }

  function close(block: OpenBlock | undefined): void {
    block?.writer.close();
    if (block?.kind !== "text" || !block.seal) return;
    // A message has no place for it.
    endMessage();
    createSealItem(items, { ...block.seal, kind: "encrypted" });
  }

  return {
    add(event) {
      if (!("block" in event)) return;
      const block = blocks.get(event.block);
      if (event.type === "open") {
        const opened = open(event.opened);
        if (opened) blocks.set(event.block, opened);
        if (opened?.kind === "text") allTexts.set(event.block, opened.writer);
      } else if (event.type === "piece") {
        if (event.text !== "") block?.writer.piece(event.text);
      } else if (event.type === "close") {
        close(block);
        blocks.delete(event.block);
      } else if (event.type === "seal") {
        if (block?.kind === "text") block.seal = event.seal;
        else block?.writer.seal(event.seal);
      } else allTexts.get(event.block)?.annotate(event.annotation);
    },
    end({ reason, explanation = "The model declined to answer." }) {
      for (const block of blocks.values()) close(block);
      blocks.clear();
      // Models of other APIs decline without a word; this API has only words for it.
      if (reason === "refusal" && !hasRefusal) {
        const part = openText(true);
        part.piece(explanation);
        part.close();
      }
      endMessage();
    },
  };
}

/** An item of this very API, as its provider wrote it. */
function createOwnItem(items: OutputItems, value: JsonObject): void {
  items.add("item", (ownId) => ({ ...value, id: textOf(value["id"]) ?? ownId })).finish();
}

/** Whether it can be said here what a model of another API made. */
const isPicture = ({ type, source }: MediaBlock): boolean => type === "image" && source.kind === "base64";

/** A picture that a model made, as the item of the tool that makes them here. */
function createImageItem(items: OutputItems, { source, mediaType }: MediaBlock): void {
  const result = source.kind === "base64" ? source.data : null;
  const output_format = mediaType?.replace(/^image\//, "") ?? "png";
  items.add("ig", (id, status) => ({ id, type: "image_generation_call", status, output_format, result })).finish();
}
