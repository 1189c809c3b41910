import type { JsonObject } from "../../core/json/parse.ts";
import type { Stop, StopReason } from "../form/answer.ts";
import { objectOf, textOf } from "../../core/json/values.ts";

/** https://docs.anthropic.com/en/api/handling-stop-reasons */
const READ: ReadonlyMap<string, StopReason> = new Map(
  Object.entries<StopReason>({
    end_turn: "end",
    max_tokens: "length",
    stop_sequence: "stop_sequence",
    tool_use: "tool",
    pause_turn: "pause",
    refusal: "refusal",
    model_context_window_exceeded: "context",
  }),
);

/**
 * Reads `stop_reason`, `stop_sequence` and `stop_details`.
 * @param hasCalls the answer has calls, which must be run whatever else is said
 */
export function readStop(answer: JsonObject, hasCalls: boolean): Stop {
  const reason = READ.get(textOf(answer["stop_reason"]) ?? "") ?? "end";
  const sequence = textOf(answer["stop_sequence"]);
  const explanation = textOf(objectOf(answer["stop_details"])?.["explanation"]);
  return {
    reason: reason === "end" && hasCalls ? "tool" : reason === "tool" && !hasCalls ? "end" : reason,
    ...(sequence !== undefined && { sequence }),
    ...(explanation !== undefined && { explanation }),
  };
}

const WRITTEN: Readonly<Record<StopReason, string>> = {
  end: "end_turn",
  stop_sequence: "stop_sequence",
  length: "max_tokens",
  context: "model_context_window_exceeded",
  tool: "tool_use",
  filter: "refusal",
  refusal: "refusal",
  pause: "pause_turn",
  // Streams tell it by an event of their own.
  error: "end_turn",
};

/** Writes the members that say why an answer ended, all of them. */
export function writeStop({ reason, sequence, explanation }: Stop, hasCalls: boolean): JsonObject {
  const told = reason === "end" && hasCalls ? "tool" : reason === "tool" && !hasCalls ? "end" : reason;
  const isRefusal = told === "refusal" || told === "filter";
  return {
    stop_reason: WRITTEN[told],
    stop_sequence: told === "stop_sequence" ? (sequence ?? null) : null,
    stop_details: isRefusal ? { type: "refusal", category: null, explanation: explanation ?? null } : null,
    container: null,
  };
}
