import type { Failure } from "../../core/errors.ts";
import { isJsonObject } from "../../core/json/parse.ts";
import { ERROR_ENVELOPES } from "../error-body.ts";
import { endsWith, isErrorEvent, readEnding, type SeenEvent, type StreamWatch } from "../stream-watch.ts";

function isStop({ name, data }: SeenEvent): boolean {
  return name === "message_stop" || (isJsonObject(data) && data["type"] === "message_stop");
}

/** `message_stop`, or the reason to stop that comes before it. */
function judge(event: SeenEvent): "whole" | "error" | undefined {
  if (isErrorEvent(event)) return "error";
  if (isStop(event)) return "whole";
  const { data } = event;
  if (!isJsonObject(data) || data["type"] !== "message_delta" || !isJsonObject(data["delta"])) return undefined;
  return typeof data["delta"]["stop_reason"] === "string" ? "whole" : undefined;
}

/** A stream of Anthropic's Messages, whose last events are short. */
export const MESSAGES_STREAM: StreamWatch = {
  push() {},
  ending: (last) => readEnding(last, false, judge),
  isOver: (last) => endsWith(last, (event) => isStop(event) || isErrorEvent(event)),
  errorEvents: (failure: Failure, requestId) =>
    `event: error\ndata: ${ERROR_ENVELOPES.anthropic.body(failure, requestId)}\n\n`,
};
