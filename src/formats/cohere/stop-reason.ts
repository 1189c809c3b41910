import type { AnswerError, Stop, StopReason } from "../form/answer.ts";

/** https://docs.cohere.com/reference/chat */
const REASONS: ReadonlyMap<string, StopReason> = new Map(
  Object.entries<StopReason>({
    COMPLETE: "end",
    STOP_SEQUENCE: "stop_sequence",
    MAX_TOKENS: "length",
    TOOL_CALL: "tool",
    ERROR: "error",
    TIMEOUT: "error",
  }),
);

/** @param hasCalls the answer has calls, which must be run whatever else is said */
export function readStop(said: string | undefined, hasCalls: boolean): Stop {
  const reason = REASONS.get(said?.toUpperCase() ?? "") ?? "end";
  if (reason === "end" && hasCalls) return { reason: "tool" };
  return { reason: reason === "tool" && !hasCalls ? "end" : reason };
}

/** The failure of an answer that stopped by one. */
export function readFailure(said: string | undefined, message: string | undefined): AnswerError {
  const isTimeout = said?.toUpperCase() === "TIMEOUT";
  return {
    message: message ?? `The provider ended its answer ${isTimeout ? "because it took too long" : "with an error"}.`,
    type: isTimeout ? "timeout_error" : "api_error",
    code: undefined,
  };
}
