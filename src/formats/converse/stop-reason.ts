import type { Stop, StopReason } from "../form/answer.ts";

/** https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html */
const REASONS: ReadonlyMap<string, StopReason> = new Map(
  Object.entries<StopReason>({
    end_turn: "end",
    tool_use: "tool",
    max_tokens: "length",
    stop_sequence: "stop_sequence",
    content_filtered: "filter",
    guardrail_intervened: "filter",
    refusal: "refusal",
    malformed_model_output: "error",
    malformed_tool_use: "error",
    model_context_window_exceeded: "context",
  }),
);

/** @param hasCalls the answer has calls, which must be run whatever else is said */
export function readStop(said: string | undefined, hasCalls: boolean): Stop {
  const reason = REASONS.get(said ?? "") ?? "end";
  if (reason === "end" && hasCalls) return { reason: "tool" };
  return { reason: reason === "tool" && !hasCalls ? "end" : reason };
}

/** What is said of an answer that the model did not bring to an end that can be used. */
export const malformed = (said: string | undefined): string => `The model's answer is malformed: ${said}`;
