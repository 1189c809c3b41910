import { isJsonObject, type JsonObject, parseJson } from "../../core/json/parse.ts";
import { filledTextOf, objectOf, textOf } from "../../core/json/values.ts";
import type { AnswerError } from "../form/answer.ts";
import type { AnswerEvent } from "../form/answer-events.ts";
import type { AnswerStreamReader, WireTarget } from "../form/dialect.ts";
import { NO_EVENT, STREAM_BROKE_OFF } from "../form/stream-faults.ts";
import { readFailure, readStop } from "./stop-reason.ts";
import { StreamBlocks } from "./stream-blocks.ts";
import { readUsage } from "./usage.ts";

/** What providers that speak OpenAI's API as well send at the end of this one, too. */
const DONE = "[DONE]";

/** Reads a stream of Cohere's chat. https://docs.cohere.com/v2/docs/streaming */
export function readStream(target: WireTarget): AnswerStreamReader {
  const blocks = new StreamBlocks(target);
  let id: string | undefined;
  let hasStarted = false;
  let isComplete = false;
  let hasFailed = false;

  const fail = (error: AnswerError): readonly AnswerEvent[] => {
    hasFailed = true;
    return [{ type: "fail", error }];
  };

  const end = (said: JsonObject): readonly AnswerEvent[] => {
    const reason = textOf(said["finish_reason"]);
    const stop = readStop(reason, blocks.hasCalls);
    if (stop.reason === "error") return fail(readFailure(reason, filledTextOf(said["error"])));
    isComplete = true;
    const usage = readUsage(said["usage"]);
    const stopped: readonly AnswerEvent[] = [...blocks.closeAll(), { type: "stop", stop }];
    return usage ? [...stopped, { type: "usage", usage }] : stopped;
  };

  const readEvent = (type: string | undefined, event: JsonObject): readonly AnswerEvent[] => {
    switch (type) {
      case "content-start":
        return blocks.startContent(event);
      case "content-delta":
        return blocks.contentDelta(event);
      case "content-end":
        return blocks.endContent(event);
      case "tool-plan-delta":
        return blocks.plan(event);
      case "tool-call-start":
        return blocks.startCall(event, id);
      case "tool-call-delta":
        return blocks.callDelta(event);
      case "tool-call-end":
        return blocks.endCall(event);
      case "citation-start":
        return blocks.cite(event);
      case "message-end":
        return end(objectOf(event["delta"]) ?? {});
      default:
        // `message-start`, `citation-end`, and what is new; errors have no type, or that one.
        return type === undefined || type === "error" ? fail(readFailure(undefined, messageOf(event))) : [];
    }
  };

  return {
    get isComplete() {
      return isComplete;
    },
    read({ name, data }) {
      if (hasFailed || isComplete || data === DONE || data === "") return [];
      const event = parseJson(data);
      if (!isJsonObject(event)) return fail(NO_EVENT);
      id ??= filledTextOf(event["id"]);
      const events = readEvent(textOf(event["type"]) ?? name, event);
      if (hasStarted || hasFailed) return events;
      hasStarted = true;
      return [{ type: "start", id, model: undefined }, ...events];
    },
    end: () => (isComplete || hasFailed ? [] : fail(STREAM_BROKE_OFF)),
  };
}

const messageOf = (event: JsonObject): string | undefined =>
  filledTextOf(event["message"]) ?? filledTextOf(event["error"]) ?? filledTextOf(objectOf(event["error"])?.["message"]);
