import type { Stop } from "../form/answer.ts";
import type { AnswerEvent, OpenedBlock } from "../form/answer-events.ts";
import type { ClientAsk } from "../form/dialect.ts";
import { objectOf, textOf } from "../../core/json/values.ts";
import type { OutputItems } from "./output-items.ts";
import { createCallItem, type CallWriter } from "./write-call-item.ts";
import { createMessageItem, type MessageItem, type PartWriter } from "./write-message-item.ts";
import { createReasoningItem, type ReasoningWriter } from "./write-reasoning-item.ts";

type OpenBlock =
  | { readonly kind: "text"; readonly writer: PartWriter }
  | { readonly kind: "thinking"; readonly writer: ReasoningWriter }
  | { readonly kind: "call"; readonly writer: CallWriter };

/** The blocks of an answer as items of a response. */
export interface AnswerBlocks {
  add(event: AnswerEvent): void;
  /** Finishes all items. */
  end(stop: Stop): void;
}

export function createAnswerBlocks({ request, newId, keepsId = false }: ClientAsk, items: OutputItems): AnswerBlocks {
  const tools = new Map(request.tools.map((tool) => [tool.name, tool]));
  const blocks = new Map<number, OpenBlock>();
  let message: MessageItem | undefined;
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
    if (opened.type === "text") return { kind: "text", writer: openText(opened.isRefusal) };
    if (opened.type === "opaque" && opened.format !== "responses") return undefined;
    endMessage();
    switch (opened.type) {
      case "thinking":
        return { kind: "thinking", writer: createReasoningItem(items, keepsId) };
      case "call": {
        const call = opened.id === "" ? { ...opened, id: `call_${newId()}` } : opened;
        return { kind: "call", writer: createCallItem(items, call, tools.get(call.name)) };
      }
      case "opaque": {
        const value = objectOf(opened.value) ?? {};
        items.add("item", (ownId) => ({ ...value, id: textOf(value["id"]) ?? ownId })).finish();
        return undefined;
      }
    }
  }

  return {
    add(event) {
      if (!("block" in event)) return;
      const block = blocks.get(event.block);
      if (event.type === "open") {
        const opened = open(event.opened);
        if (opened) blocks.set(event.block, opened);
      } else if (event.type === "piece") {
        if (event.text !== "") block?.writer.piece(event.text);
      } else if (event.type === "close") {
        block?.writer.close();
        blocks.delete(event.block);
      } else if (event.type === "seal") {
        if (block?.kind === "thinking") block.writer.seal(event.seal);
      } else if (block?.kind === "text") block.writer.annotate(event.annotation);
    },
    end({ reason, explanation = "The model declined to answer." }) {
      for (const { writer } of blocks.values()) writer.close();
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
