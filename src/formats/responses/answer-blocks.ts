import type { Stop } from "../form/answer.ts";
import type { AnswerEvent, OpenedBlock } from "../form/answer-events.ts";
import type { Seal } from "../form/blocks.ts";
import type { ClientAsk } from "../form/dialect.ts";
import { objectOf, textOf } from "../../core/json/values.ts";
import type { OutputItems } from "./output-items.ts";
import { createCallItem, type CallWriter } from "./write-call-item.ts";
import { createMessageItem, type MessageItem, type PartWriter } from "./write-message-item.ts";
import { createImageItem, isPicture } from "./write-image-item.ts";
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

export function createAnswerBlocks({ request, newId }: ClientAsk, items: OutputItems): AnswerBlocks {
  const tools = new Map(request.tools.map((tool) => [tool.name, tool]));
  const blocks = new Map<number, OpenBlock>();
  /** A call that has been opened: its seal may come next, and is an item before it. */
  let waiting: { readonly block: number; readonly begin: () => void } | undefined;
  const textSeals = new Map<number, Seal>();
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

  function writeSeal(seal: Seal): void {
    const item = createReasoningItem(items);
    item.seal(seal);
    item.close();
  }

  function beginCall(): void {
    waiting?.begin();
    waiting = undefined;
  }

  function seal(block: number, value: Seal): void {
    const opened = blocks.get(block);
    if (waiting?.block === block) writeSeal(value);
    else if (opened?.kind === "thinking") opened.writer.seal(value);
    else if (opened?.kind === "text") textSeals.set(block, value);
  }

  function close(block: number): void {
    blocks.get(block)?.writer.close();
    blocks.delete(block);
    const value = textSeals.get(block);
    if (!value) return;
    // A message has no place for it.
    textSeals.delete(block);
    endMessage();
    writeSeal({ ...value, kind: "encrypted" });
  }

  function open(block: number, opened: OpenedBlock): OpenBlock | undefined {
    if (opened.type === "text") return { kind: "text", writer: openText(opened.isRefusal) };
    if (opened.type === "opaque" && opened.format !== "responses") return undefined;
    if (opened.type === "media" && !isPicture(opened.media)) return undefined;
    endMessage();
    switch (opened.type) {
      case "thinking":
        return { kind: "thinking", writer: createReasoningItem(items) };
      case "call": {
        const call = opened.id === "" ? { ...opened, id: `call_${newId()}` } : opened;
        const begin = (): void => {
          blocks.set(block, { kind: "call", writer: createCallItem(items, call, tools.get(call.name)) });
        };
        waiting = { block, begin };
        return undefined;
      }
      case "media":
        createImageItem(items, opened.media);
        return undefined;
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
      if (event.type === "seal") seal(event.block, event.seal);
      beginCall();
      const block = blocks.get(event.block);
      if (event.type === "open") {
        const opened = open(event.block, event.opened);
        if (opened) blocks.set(event.block, opened);
      } else if (event.type === "piece") {
        if (event.text !== "") block?.writer.piece(event.text);
      } else if (event.type === "close") {
        close(event.block);
      } else if (event.type === "annotation" && block?.kind === "text") {
        block.writer.annotate(event.annotation);
      }
    },
    end({ reason, explanation = "The model declined to answer." }) {
      beginCall();
      for (const block of [...blocks.keys()]) close(block);
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
