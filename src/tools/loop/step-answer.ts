import { Failure } from "../../core/errors.ts";
import { toJson } from "../../core/json/bytes.ts";
import type { JsonObject } from "../../core/json/parse.ts";
import { isCutReason } from "./finish-reason.ts";
import { createDeltaMerger, type MutableObject } from "./merge-delta.ts";
import type { AnswerShape } from "./next-step.ts";
import { messageForProvider, readToolCalls, type ToolCall } from "./tool-call.ts";
import type { ToolCallAccumulator } from "./tool-call-accumulator.ts";
import type { ToolPlan } from "./tool-plan.ts";

/** The result of a streamed step. */
export interface CompletionEnd {
  /** False if the stream ended in the middle, so that its last call may be incomplete. */
  readonly complete: boolean;
  readonly shape: AnswerShape;
  /** The calls that the gateway answers. */
  readonly ours: readonly ToolCall[];
  /** The assistant's message as it goes back to the provider, as JSON text. */
  readonly message: () => Promise<Uint8Array>;
}

/** The assistant's message of one step, as the deltas of its stream build it. */
export interface StepAnswer {
  /**
   * Takes a delta, whose calls the accumulator has taken before.
   * @param size bytes of its chunk
   * @throws Failure if too much would have to be remembered
   */
  take(delta: JsonObject, size: number): void;
  /** The provider gave the reason why the answer ends. */
  finish(reason: string): void;
  /**
   * @param isDone whether the provider has said that its stream is over
   * @param isOver nothing can follow, whatever was called
   */
  end(isDone: boolean, isOver: boolean): CompletionEnd;
}

/**
 * @param mayRemember called with how much of the answer is remembered; one that is too long is not, and no tool of it
 * is run
 */
export function createStepAnswer(
  calls: ToolCallAccumulator,
  isOurs: ToolPlan["isOurs"],
  newId: (index: number) => string,
  mayRemember: (bytes: number) => boolean,
): StepAnswer {
  const mergeDelta = createDeltaMerger();
  let message: MutableObject = {};
  let finishReason: string | undefined;
  let remembered = 0;

  return {
    take(delta, size) {
      remembered += size;
      const { tool_calls: _, ...rest } = delta;
      if (mayRemember(remembered)) mergeDelta(message, rest);
      else if (calls.count() > 0) throw tooLong();
      else message = {};
    },
    finish(reason) {
      finishReason = reason;
    },
    end(isDone, isOver) {
      const items = calls.items();
      const whole = { role: "assistant", content: null, ...message, ...(items.length > 0 && { tool_calls: items }) };
      const read = readToolCalls(whole, newId);
      const ours = read.filter(isOurs);
      return {
        complete: finishReason !== undefined || isDone,
        shape: { ours: isOver ? 0 : ours.length, theirs: read.length - ours.length, isCut: isCutReason(finishReason) },
        ours,
        message: () => messageForProvider(toJson(whole), read),
      };
    },
  };
}

/** The failure for an answer that would have to be remembered and is too long. */
export const tooLong = (): Failure =>
  new Failure("upstream_invalid_response", {
    message: "The upstream server's answer with calls of tools is too long (MCP_MAX_CONVERSATION_BYTES)",
  });
