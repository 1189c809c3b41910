import type { JsonObject } from "../../core/json/parse.ts";
import type { Stop, StopReason } from "../form/answer.ts";

/** https://ai.google.dev/api/generate-content#FinishReason */
const WRITTEN: Readonly<Record<StopReason, string>> = {
  end: "STOP",
  stop_sequence: "STOP",
  // This API has no word for it: clients look for calls.
  tool: "STOP",
  pause: "STOP",
  length: "MAX_TOKENS",
  context: "MAX_TOKENS",
  filter: "SAFETY",
  refusal: "SAFETY",
  error: "OTHER",
};

/** Writes the members of a candidate that say why it ended. */
export function writeFinishReason({ reason, explanation }: Stop): JsonObject {
  return { finishReason: WRITTEN[reason], ...(explanation !== undefined && { finishMessage: explanation }) };
}
