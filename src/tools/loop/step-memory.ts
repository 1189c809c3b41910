import { memoryExhausted } from "../../core/memory/budget.ts";
import { parsedWeight } from "../../core/json/parse.ts";
import type { Reply } from "../../pipeline/attempt/attempt.ts";
import type { Attempts } from "../../pipeline/attempt/attempts.ts";
import { readWholeResponse, UNCOUNTED_BYTES } from "../../pipeline/attempt/read-response.ts";
import type { RelayParts } from "../../pipeline/relay.ts";
import type { GrowingRequest } from "./growing-request.ts";

/** The bytes that the steps of a request hold: its conversation, and beside it the answer of the current step. */
export interface StepMemory {
  /** How many more bytes may be added to the conversation. */
  room(): number;
  /**
   * Forgets the answer of the step before, and waits for room for the conversation and a copy of it, which is held until
   * it is sent.
   */
  holdRequest(): Promise<void>;
  /**
   * Reads an answer that came in one piece.
   * @throws Failure if it cannot be read whole, or `memory_exhausted` if there is no room for it
   */
  readWhole(answer: Pick<Reply, "response" | "call">): Promise<Uint8Array>;
  /**
   * Notes how many bytes of a streamed answer are remembered for the next step.
   * @returns false if they alone are more than may be added to a conversation
   * @throws Failure `memory_exhausted`
   */
  remember(bytes: number): boolean;
  /**
   * Notes how many bytes of results are held beside the answer.
   * @throws Failure `memory_exhausted`
   */
  holdResults(bytes: number): void;
  /**
   * Notes how many bytes of the client's answer are held back, beside what is remembered for the next step.
   * @returns false if there is no room for them
   */
  holdBack(bytes: number): boolean;
  /** The answer has become a part of the conversation. */
  nextStep(): void;
}

/** With less room than this, a result has no place for what it says: there is none. */
const LEAST_ROOM = 1024;

export function openStepMemory(
  { memory }: Pick<RelayParts, "memory">,
  attempts: Attempts,
  conversation: Pick<GrowingRequest<never>, "bytes" | "addedBytes">,
  maxConversationBytes: number,
): StepMemory {
  const { context, request } = attempts;
  /** Bytes of the answer of this step. */
  let answerBytes = 0;
  /** Bytes of it that the budget counts. */
  let remembered = 0;
  let heldBack = 0;

  const bytesBefore = (): number => conversation.bytes() + attempts.keptBytes;

  /** Notes in the budget that so many bytes are held beside the conversation. */
  const holdBeside = (bytes: number): void => {
    if (!memory.tryHold(context, bytesBefore() + heldBack + bytes)) throw memoryExhausted();
  };

  return {
    room() {
      const room = maxConversationBytes - conversation.addedBytes() - answerBytes;
      return room < LEAST_ROOM ? 0 : room;
    },
    async holdRequest() {
      answerBytes = 0;
      await memory.hold(context, bytesBefore() + conversation.bytes() + heldBack, request.signal);
    },
    async readWhole({ response, call }) {
      const bytes = await readWholeResponse(response, call, memory, context, bytesBefore());
      if (!(bytes instanceof Uint8Array)) {
        bytes.tooMuch.cancel();
        throw memoryExhausted();
      }
      answerBytes = bytes.length;
      await memory.hold(context, bytesBefore() + bytes.length + parsedWeight(bytes), request.signal);
      return bytes;
    },
    remember(bytes) {
      if (bytes > maxConversationBytes) return false;
      answerBytes = bytes;
      if (bytes - remembered < UNCOUNTED_BYTES) return true;
      remembered = bytes;
      holdBeside(bytes);
      return true;
    },
    holdBack(bytes) {
      heldBack = bytes;
      return memory.tryHold(context, bytesBefore() + remembered + bytes);
    },
    holdResults: (bytes) => holdBeside(answerBytes + bytes),
    nextStep() {
      remembered = 0;
    },
  };
}
