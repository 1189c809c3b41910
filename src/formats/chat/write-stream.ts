import type { AnswerError, Stop, Usage } from "../form/answer.ts";
import type { AnswerEvent, OpenedBlock } from "../form/answer-events.ts";
import type { AnswerStreamWriter, ClientAsk } from "../form/dialect.ts";
import { type ChunkTexts, createChunkTexts, END_EVENT, errorEvent } from "./chunk-text.ts";
import { type ClientCalls, createClientCalls, INPUT_TOO_LONG } from "./client-calls.ts";
import { type ClientTexts, createClientTexts } from "./client-texts.ts";
import { type ClientThoughts, createClientThoughts } from "./client-thoughts.ts";
import { createHeldTexts } from "./held-text.ts";
import { writeFinishReason } from "./finish-reason.ts";
import { writeImage } from "./media.ts";

/** Writes a client's stream: the role once, each piece at once, one finish, usage only if asked for, one `[DONE]`. */
export function writeStream(ask: ClientAsk): AnswerStreamWriter {
  const chunks = createChunkTexts(ask);
  const held = createHeldTexts();
  const calls = createClientCalls(chunks, held, ask.request.tools);
  const thoughts = createClientThoughts(chunks, held);
  const texts = createClientTexts(chunks);
  let isStarted = false;
  let state: "open" | "stopped" | "failed" = "open";
  let usage: Usage | undefined;

  const start = (): string => {
    if (isStarted) return "";
    isStarted = true;
    return chunks.delta({ role: "assistant", content: "", refusal: null });
  };

  const fail = (event: string): string => {
    state = "failed";
    return event;
  };

  const extend = (block: number, piece: string): string => {
    if (calls.has(block)) return calls.extend(block, piece) ?? fail(INPUT_TOO_LONG);
    return thoughts.has(block) ? thoughts.extend(block, piece) : texts.extend(block, piece);
  };

  const stop = (told: Stop): string => {
    if (told.reason === "error") return fail(errorEvent(stopError(told)));
    state = "stopped";
    return writeEnd(told, chunks, texts, calls.hasOpen);
  };

  const write = (event: AnswerEvent): string => {
    switch (event.type) {
      case "start":
        return "";
      case "open":
        return openBlock(event.block, event.opened, { chunks, texts, thoughts, calls });
      case "piece":
        return extend(event.block, event.text);
      case "seal":
        thoughts.seal(event.block, event.seal);
        texts.seal(event.block, event.seal);
        return calls.seal(event.block, event.seal);
      case "annotation":
        texts.annotate(event.block, event.annotation);
        return "";
      case "close":
        return (
          calls.close(event.block) +
          thoughts.close(event.block) +
          thoughts.alone(texts.takeSeal(event.block), calls.count + 1)
        );
      case "stop":
        return stop(event.stop);
      case "usage":
        ({ usage } = event);
        return "";
      case "fail":
        return fail(errorEvent(event.error));
    }
  };

  return {
    get held() {
      return held.length;
    },
    write(event) {
      if (event.type === "usage") return write(event);
      if (state !== "open") return "";
      return (event.type === "fail" ? "" : start()) + write(event);
    },
    end() {
      if (state === "failed") return "";
      if (state === "open") return fail(errorEvent(UNFINISHED));
      return (ask.request.wantsUsage && usage !== undefined ? chunks.usage(usage) : "") + END_EVENT;
    },
  };
}

interface Parts {
  readonly chunks: ChunkTexts;
  readonly texts: ClientTexts;
  readonly thoughts: ClientThoughts;
  readonly calls: ClientCalls;
}

function openBlock(block: number, opened: OpenedBlock, { chunks, texts, thoughts, calls }: Parts): string {
  switch (opened.type) {
    case "text":
      texts.open(block, opened.isRefusal);
      return "";
    case "thinking":
      thoughts.open(block, calls.count + (texts.hasText ? 1 : 0));
      return "";
    case "call":
      return calls.open(block, opened);
    case "media": {
      const image = writeImage(opened.media);
      return image === undefined ? "" : chunks.delta({ images: [image] });
    }
    case "opaque":
      return "";
  }
}

function writeEnd(stop: Stop, chunks: ChunkTexts, texts: ClientTexts, hasCalls: boolean): string {
  const isExplained = stop.reason === "refusal" && !texts.hasRefusal && stop.explanation !== undefined;
  const refusal = isExplained ? chunks.delta({ refusal: stop.explanation }) : "";
  const seen = { hasCalls, hasRefusal: texts.hasRefusal || isExplained };
  return texts.annotations() + refusal + chunks.finish(writeFinishReason(stop, seen));
}

const UNFINISHED: AnswerError = {
  message: "The answer ended before it was complete",
  type: undefined,
  code: "upstream_reset",
};

const stopError = ({ explanation }: Stop): AnswerError => ({
  message: explanation ?? "The provider stopped with an error",
  type: undefined,
  code: undefined,
});
