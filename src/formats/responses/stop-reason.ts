import type { JsonObject } from "../../core/json/parse.ts";
import type { Stop } from "../form/answer.ts";
import { isSet, objectOf, textOf } from "../../core/json/values.ts";

/** What an answer holds that says why the model stopped better than the status of the response does. */
export interface Held {
  hasCalls: boolean;
  hasRefusal: boolean;
}

/** Why the model of a response that is `completed` or `incomplete` stopped. */
export function readStop(response: JsonObject, { hasCalls, hasRefusal }: Held): Stop {
  const reason = textOf(objectOf(response["incomplete_details"])?.["reason"]);
  if (response["status"] === "incomplete" || reason !== undefined) {
    return { reason: reason === "content_filter" ? "filter" : "length" };
  }
  if (hasCalls) return { reason: "tool" };
  return { reason: hasRefusal ? "refusal" : "end" };
}

/** The members of a response that say how it ended. */
export function writeStop({ reason }: Stop): JsonObject {
  switch (reason) {
    case "length":
    case "context":
      return { status: "incomplete", incomplete_details: { reason: "max_output_tokens" } };
    case "filter":
      return { status: "incomplete", incomplete_details: { reason: "content_filter" } };
    case "error":
      return {
        status: "failed",
        error: { code: "server_error", message: "The provider could not finish the answer." },
      };
    case "end":
    case "stop_sequence":
    case "tool":
    case "refusal":
    case "pause":
      return { status: "completed" };
  }
}

/** Whether a response came to an end that is an answer; others are failures, or are still being made. */
export const isAnswer = (response: JsonObject): boolean =>
  !isSet(response["error"]) &&
  (response["status"] === "completed" || response["status"] === "incomplete" || !isSet(response["status"]));
