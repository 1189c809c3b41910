import { isJsonObject, type JsonObject } from "../../core/json/parse.ts";
import type { AnswerEvent } from "../form/answer-events.ts";
import { readAnnotations } from "./annotations.ts";
import { readStop } from "./finish-reason.ts";
import { filledTextOf, listOf, objectOf, textOf } from "../../core/json/values.ts";
import { hasSignature } from "./read-answer.ts";
import { openStreamBlocks, type StreamBlocks, type StreamNames } from "./stream-blocks.ts";
import { openStreamedCalls } from "./stream-calls.ts";
import { thinkingPartText, thoughtPieces } from "./thoughts.ts";

/** An answer as its chunks build it. */
export interface StreamAnswer {
  /** Takes the id and the model from the first chunk. */
  start(chunk: JsonObject): void;
  take(choice: JsonObject): void;
  /** Whether the model has said why it stopped. */
  readonly isFinished: boolean;
  /** The provider said `finish_reason: "error"` or the like. */
  readonly hasFailed: boolean;
  /** Closes what is open, and says why the answer stopped. */
  stop(): void;
}

export function openStreamAnswer(
  provider: string,
  names: StreamNames,
  emit: (event: AnswerEvent) => void,
): StreamAnswer {
  const blocks = openStreamBlocks(provider, names, emit);
  const calls = openStreamedCalls();
  let id: string | undefined;
  let isStarted = false;
  let finish: { readonly reason: string; readonly choice: JsonObject } | undefined;
  let extra: JsonObject | undefined;
  /** How many calls, from the first on, need not be looked at again to open them. */
  let looked = 0;

  const start = (chunk: JsonObject): void => {
    if (isStarted) return;
    isStarted = true;
    id = filledTextOf(chunk["id"]);
    emit({ type: "start", id, model: filledTextOf(chunk["model"]) });
  };

  /** Calls without arguments are opened late, but before those that began after them. */
  const openUntil = (position: number): void => {
    for (; looked <= position; looked += 1) {
      const call = calls.all[looked];
      if (call !== undefined && call.name !== "") blocks.open(call, id ?? "");
    }
  };

  const takeCall = (item: JsonObject): void => {
    const { call, piece } = calls.take(item);
    if (piece === "") return;
    openUntil(call.position);
    blocks.open(call, id ?? "");
    blocks.extend(call, piece);
  };

  return {
    start,
    take(choice) {
      const delta = objectOf(choice["delta"]) ?? (blocks.isEmpty ? objectOf(choice["message"]) : undefined);
      if (delta !== undefined) {
        takeSaid(delta, blocks);
        const old = objectOf(delta["function_call"]);
        if (old !== undefined) takeCall({ index: 0, function: old });
        for (const item of listOf(delta["tool_calls"])) if (isJsonObject(item)) takeCall(item);
        const said = objectOf(delta["extra_content"]);
        if (said !== undefined && hasSignature(said)) extra = said;
      }
      const reason = filledTextOf(choice["finish_reason"]);
      if (reason !== undefined) finish = { reason, choice };
    },
    get isFinished() {
      return finish !== undefined;
    },
    get hasFailed() {
      return finish !== undefined && readStop(finish.reason, {}, NOTHING).reason === "error";
    },
    stop() {
      start({});
      openUntil(calls.all.length - 1);
      blocks.closeAll(calls.all);
      if (extra !== undefined) {
        blocks.think({ key: "extra", text: "", carrier: { extra } });
        blocks.closeAll([]);
      }
      const hasCalls = calls.all.some(({ block, name }) => block !== undefined && name !== names.answerTool);
      const stop = readStop(finish?.reason, finish?.choice ?? {}, { hasCalls, hasRefusal: blocks.hasRefusal });
      emit({ type: "stop", stop });
    },
  };
}

const NOTHING = { hasCalls: false, hasRefusal: false };

/** In the order in which a model says what one chunk may bundle. */
function takeSaid(delta: JsonObject, blocks: StreamBlocks): void {
  const hasText = (delta["reasoning_content"] ?? delta["reasoning"] ?? undefined) !== undefined;
  for (const piece of thoughtPieces(delta)) {
    if (hasText || !("detail" in piece.carrier) || !blocks.recall(piece)) blocks.think(piece);
  }
  const { content } = delta;
  if (typeof content === "string") blocks.say(content, false);
  else for (const part of listOf(content)) if (isJsonObject(part)) takePart(part, blocks);
  blocks.say(textOf(delta["refusal"]) ?? "", true);
  const { annotations, images } = delta;
  if (annotations !== undefined) blocks.annotate(readAnnotations(annotations));
  if (Array.isArray(images) && images.length > 0) blocks.show("images", images);
}

/** Of Mistral's content. */
function takePart(part: JsonObject, blocks: StreamBlocks): void {
  if (part["type"] !== "thinking") return blocks.say(textOf(part["text"]) ?? "", false);
  blocks.think({ key: "content", text: thinkingPartText(part), carrier: { member: "content" } });
}
