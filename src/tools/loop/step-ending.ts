import { editMembers, editValue } from "../../core/json/edit.ts";
import { endsEvent, type EventData } from "../../core/sse/event-data.ts";
import type { ClientStream } from "./client-stream.ts";
import { finalReason } from "./finish-reason.ts";
import type { AnswerShape } from "./next-step.ts";

const NOTHING = new Uint8Array(0);
const FIRST_CHOICE = ["choices", 0] as const;
const DELTA = [...FIRST_CHOICE, "delta"] as const;
const DONE_EVENT = Buffer.from("data: [DONE]\n\n");

/**
 * What ends the stream of one step, which the client is sent at once or when it is known that the step is the last. Each
 * `take` returns what is sent at once.
 */
export interface StepEnding {
  takeDone(event: Buffer): Uint8Array;
  /**
   * Takes a chunk with the usage and nothing else to say.
   * @param isBare it has not even a choice
   */
  takeUsage(event: Uint8Array, isBare: boolean): Uint8Array;
  /** Takes a chunk with a finish reason; returns the chunk that is sent now in place of it. */
  takeFinish(chunk: Uint8Array, data: EventData): Uint8Array;
  /** Whether the provider has said that its stream is over. */
  isDone(): boolean;
  /** Whether the client was sent the finish reason: then nothing can follow. */
  isFinishSent(): boolean;
  /**
   * What was kept back: the end of the client's stream.
   * @param isComplete whether the provider's stream came to its end, so that the client's ends with `[DONE]`
   */
  closingEvents(shape: AnswerShape, isComplete: boolean): Uint8Array;
}

/** @param haveOurs whether the gateway answers a call of the step, so that another step may follow */
export function createStepEnding({ wantsUsage }: ClientStream, haveOurs: () => boolean): StepEnding {
  let finish: { readonly chunk: Uint8Array; readonly data: EventData } | undefined;
  let usage: Uint8Array | undefined;
  let done: Buffer | undefined;
  let isDone = false;
  let isFinishSent = false;
  let isDoneSent = false;

  const mayGoOn = (): boolean => haveOurs() && !isFinishSent;

  return {
    takeDone(event) {
      isDone = true;
      if (mayGoOn()) {
        done = event;
        return NOTHING;
      }
      isDoneSent = true;
      return event;
    },
    takeUsage(event, isBare) {
      if (isBare && !wantsUsage) return NOTHING;
      if (!mayGoOn()) return event;
      usage = event;
      return NOTHING;
    },
    takeFinish(chunk, data) {
      if (!mayGoOn()) {
        isFinishSent = true;
        return chunk;
      }
      finish = { chunk: editValue(chunk, DELTA, () => Buffer.from("{}")), data };
      return editValue(chunk, FIRST_CHOICE, (value) => editMembers(value, { finish_reason: null }));
    },
    isDone: () => isDone,
    isFinishSent: () => isFinishSent,
    closingEvents(shape, isComplete) {
      const words: Uint8Array[] = [];
      if (finish) {
        const reason = finalReason(shape);
        const { chunk, data } = finish;
        const final = reason
          ? editValue(chunk, FIRST_CHOICE, (value) => editMembers(value, { finish_reason: reason }))
          : chunk;
        words.push(withEmptyLine(data.replace(final)));
      }
      if (usage) words.push(withEmptyLine(usage));
      if (isComplete && !isDoneSent) words.push(done ? withEmptyLine(done) : DONE_EVENT);
      return Buffer.concat(words);
    },
  };
}

/** An event with the empty line that ends it, which the last one of a stream may lack. */
export function withEmptyLine(event: Uint8Array): Uint8Array {
  return endsEvent(event) ? event : Buffer.concat([event, Buffer.from("\n\n")]);
}
