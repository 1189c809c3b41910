import type { AnswerEvent, OpenedBlock } from "../form/answer-events.ts";
import type { Annotation } from "../form/blocks.ts";
import { makeCallId } from "../form/call-ids.ts";
import type { StreamedCall } from "./stream-calls.ts";
import {
  isWorthKeeping,
  mergeCarriers,
  originOf,
  sealThought,
  type ThoughtCarrier,
  type ThoughtPiece,
} from "./thoughts.ts";

import type { ClientToolName } from "../form/tool-names.ts";

/** The blocks of a streamed answer: one of text or thinking is open at a time, and beside it calls. */
export interface StreamBlocks {
  say(text: string, isRefusal: boolean): void;
  think(piece: ThoughtPiece): void;
  /**
   * Takes an item of `reasoning_details` that says again what came as `reasoning_content`, as gateways like this one do.
   * @returns false if nothing came so
   */
  recall(piece: ThoughtPiece): boolean;
  annotate(annotations: readonly Annotation[]): void;
  /** A part that is whole at once, and that only this format has. */
  show(name: string, value: unknown): void;
  /** Opens a call once its name must be known: when its first arguments come, or nothing more does. */
  open(call: StreamedCall, answer: string): void;
  extend(call: StreamedCall, piece: string): void;
  closeAll(calls: readonly StreamedCall[]): void;
  readonly hasRefusal: boolean;
  readonly isEmpty: boolean;
}

/** How names of tools in an answer are understood. */
export interface StreamNames {
  readonly toolName: ClientToolName;
  /** Whose calls are text. */
  readonly answerTool: string;
}

type Open =
  | { readonly type: "text"; readonly block: number; readonly isRefusal: boolean }
  | { readonly type: "thinking"; readonly block: number; key: string; carrier: ThoughtCarrier };

export function openStreamBlocks(
  provider: string,
  names: StreamNames,
  emit: (event: AnswerEvent) => void,
): StreamBlocks {
  let count = 0;
  let current: Open | undefined;
  let hasRefusal = false;
  const next = (): number => count++;

  const close = (): void => {
    if (current === undefined) return;
    const { block } = current;
    if (current.type === "thinking") emit({ type: "seal", block, seal: sealThought(current.carrier, provider) });
    emit({ type: "close", block });
    current = undefined;
  };

  return {
    say(text, isRefusal) {
      if (text === "") return;
      hasRefusal ||= isRefusal;
      if (current?.type !== "text" || current.isRefusal !== isRefusal) {
        close();
        current = { type: "text", block: next(), isRefusal };
        emit({ type: "open", block: current.block, opened: { type: "text", isRefusal } });
      }
      emit({ type: "piece", block: current.block, text });
    },
    think({ key, text, carrier }) {
      if (current?.type === "thinking" && current.key === key) {
        current.carrier = mergeCarriers(current.carrier, carrier);
      } else {
        if (text === "" && !isWorthKeeping(carrier)) return;
        close();
        current = { type: "thinking", block: next(), key, carrier };
        emit({ type: "open", block: current.block, opened: { type: "thinking" } });
      }
      if (text !== "") emit({ type: "piece", block: current.block, text });
    },
    recall({ key, carrier }) {
      if (current?.type !== "thinking" || !("member" in current.carrier)) return false;
      current.key = key;
      current.carrier = carrier;
      return true;
    },
    annotate(annotations) {
      if (current?.type !== "text") return;
      for (const annotation of annotations) emit({ type: "annotation", block: current.block, annotation });
    },
    show(name, value) {
      close();
      emit({ type: "open", block: next(), opened: { type: "opaque", format: "chat", name, value } });
      emit({ type: "close", block: count - 1 });
    },
    open(call, answer) {
      if (call.block !== undefined) return;
      close();
      call.block = next();
      emit({ type: "open", block: call.block, opened: openedCall(call, answer, names) });
    },
    extend({ block }, piece) {
      if (block !== undefined && piece !== "") emit({ type: "piece", block, text: piece });
    },
    closeAll(calls) {
      close();
      for (const call of calls) {
        if (call.name === names.answerTool) closeAnswer(call, emit);
        else closeCall(call, provider, emit);
      }
    },
    get hasRefusal() {
      return hasRefusal;
    },
    get isEmpty() {
      return count === 0;
    },
  };
}

function openedCall(call: StreamedCall, answer: string, { toolName, answerTool }: StreamNames): OpenedBlock {
  if (call.name === answerTool) return { type: "text", isRefusal: false };
  const id = call.id === "" ? makeCallId(answer, call.position) : call.id;
  return { type: "call", id, name: toolName(call.name), kind: call.kind };
}

/** The arguments are the answer, and none are an empty object. */
function closeAnswer({ block, end }: StreamedCall, emit: (event: AnswerEvent) => void): void {
  if (block === undefined) return;
  if (end.isEmpty()) emit({ type: "piece", block, text: "{}" });
  emit({ type: "close", block });
}

function closeCall({ block, signature }: StreamedCall, provider: string, emit: (event: AnswerEvent) => void): void {
  if (block === undefined) return;
  if (signature !== undefined) {
    emit({ type: "seal", block, seal: { origin: originOf(provider), kind: "signature", value: signature } });
  }
  emit({ type: "close", block });
}
