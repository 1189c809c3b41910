import type { JsonObject } from "../../core/json/parse.ts";
import type { Stop, StopReason } from "../form/answer.ts";
import { filledTextOf } from "../../core/json/values.ts";

/** Words of `finish_reason`, those of other providers' APIs that reach chat clients included. */
const REASONS: ReadonlyMap<string, StopReason> = new Map(
  Object.entries({
    stop: "end",
    eos: "end",
    eos_token: "end",
    end_turn: "end",
    stop_sequence: "stop_sequence",
    length: "length",
    max_tokens: "length",
    max_output_tokens: "length",
    model_length: "context",
    model_context_window_exceeded: "context",
    tool_calls: "tool",
    tool_use: "tool",
    function_call: "tool",
    content_filter: "filter",
    sensitive: "filter",
    safety: "filter",
    recitation: "filter",
    refusal: "refusal",
    error: "error",
    network_error: "error",
    insufficient_system_resource: "error",
    malformed_function_call: "error",
  } satisfies Record<string, StopReason>),
);

/** What the blocks of an answer say of its end. */
export interface SeenBlocks {
  readonly hasCalls: boolean;
  readonly hasRefusal: boolean;
}

/**
 * Why the model stopped.
 * @param choice for what vLLM and SGLang say beside `finish_reason`: the stop text that was met
 */
export function readStop(reason: string | undefined, choice: JsonObject, { hasCalls, hasRefusal }: SeenBlocks): Stop {
  const said = reason === undefined ? "end" : (REASONS.get(reason.toLowerCase()) ?? "end");
  if (said === "error" || said === "length" || said === "context" || said === "filter") return { reason: said };
  // Several providers say `stop` with calls.
  if (hasCalls) return { reason: "tool" };
  if (hasRefusal) return { reason: "refusal" };
  const sequence = filledTextOf(choice["stop_reason"]) ?? filledTextOf(choice["matched_stop"]);
  if (sequence !== undefined) return { reason: "stop_sequence", sequence };
  return { reason: said === "tool" ? "end" : said };
}

/** The word for the client. `isRefused`: the answer has the refusal in a member of its own. */
export function writeFinishReason({ reason }: Stop, { hasCalls, hasRefusal }: SeenBlocks): string {
  switch (reason) {
    case "length":
    case "context":
      return "length";
    case "filter":
      return "content_filter";
    case "refusal":
      return hasRefusal ? "stop" : "content_filter";
    case "end":
    case "stop_sequence":
    case "tool":
    case "pause":
    case "error":
      return hasCalls ? "tool_calls" : "stop";
  }
}
