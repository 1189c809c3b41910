import { memoryExhausted } from "../../core/memory/budget.ts";
import { parsedWeight } from "../../core/json/limits.ts";
import type { Attempt } from "../../pipeline/attempt.ts";
import type { Attempts } from "../../pipeline/attempts.ts";
import { readWholeResponse, UNCOUNTED_BYTES } from "../../pipeline/read-response.ts";
import type { RelayParts } from "../../pipeline/relay.ts";
import type { Conversation } from "./conversation.ts";

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
  readWhole(answer: Pick<Attempt, "response" | "call">): Promise<Uint8Array>;
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
  /** The answer has become a part of the conversation. */
  nextStep(): void;
}

export function openStepMemory(
  { memory }: Pick<RelayParts, "memory">,
  { context, request }: Attempts,
  conversation: Conversation,
  maxConversationBytes: number,
): StepMemory {
  /** Bytes of the answer of this step. */
  let answerBytes = 0;
  /** Bytes of it that the budget counts. */
  let remembered = 0;

  /** Notes in the budget that so many bytes are held beside the conversation. */
  const holdBeside = (bytes: number): void => {
    if (!memory.tryHold(context, conversation.bytes() + bytes)) throw memoryExhausted();
  };

  return {
    room: () => Math.max(0, maxConversationBytes - conversation.addedBytes() - answerBytes),
    async holdRequest() {
      answerBytes = 0;
      await memory.hold(context, conversation.bytes() * 2, request.signal);
    },
    async readWhole({ response, call }) {
      const bytes = await readWholeResponse(response, call, memory, context, conversation.bytes());
      if (!(bytes instanceof Uint8Array)) {
        bytes.tooMuch.cancel();
        throw memoryExhausted();
      }
      answerBytes = bytes.length;
      await memory.hold(context, conversation.bytes() + bytes.length + parsedWeight(bytes), request.signal);
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
    holdResults: (bytes) => holdBeside(answerBytes + bytes),
    nextStep() {
      remembered = 0;
    },
  };
}
