import { isJsonObject, type JsonObject, parseJson } from "../../core/json/parse.ts";
import type { AnswerError } from "../form/answer.ts";
import type { AnswerEvent } from "../form/answer-events.ts";
import type { AnswerStreamReader, WireTarget } from "../form/dialect.ts";
import { NO_EVENT, STREAM_BROKE_OFF } from "../form/stream-faults.ts";
import { textOf } from "../../core/json/values.ts";
import { readError, sourceOf } from "./read-answer.ts";
import { StreamBlockReader } from "./read-stream-blocks.ts";
import { readStop } from "./stop-reason.ts";
import { mergeUsage, readUsage } from "./usage.ts";

/** What providers that speak OpenAI's API as well send at the end of this one, too. */
const DONE = "[DONE]";

/**
 * Reads the stream of a provider of the Messages API. With the reason to stop the answer is whole: what is missing or goes
 * wrong behind it, an `error` of the provider included, takes nothing from it.
 * https://docs.anthropic.com/en/docs/build-with-claude/streaming
 */
export function readStream(target: WireTarget): AnswerStreamReader {
  const blocks = new StreamBlockReader(sourceOf(target));
  let hasStarted = false;
  let hasStopped = false;
  let isComplete = false;
  let hasFailed = false;
  let usage: JsonObject = {};

  const fail = (error: AnswerError): readonly AnswerEvent[] => {
    if (hasStopped) return [];
    hasFailed = true;
    return [{ type: "fail", error }];
  };

  const readUsageEvent = (said: unknown): readonly AnswerEvent[] => {
    if (!isJsonObject(said)) return [];
    usage = mergeUsage(usage, said);
    const read = readUsage(usage);
    return read ? [{ type: "usage", usage: read }] : [];
  };

  const start = (message: unknown): readonly AnswerEvent[] => {
    if (hasStarted) return [];
    hasStarted = true;
    const said = isJsonObject(message) ? message : {};
    return [{ type: "start", id: textOf(said["id"]), model: textOf(said["model"]) }, ...readUsageEvent(said["usage"])];
  };

  const stop = (said: JsonObject): readonly AnswerEvent[] => {
    if (hasStopped) return [];
    hasStopped = true;
    return [...blocks.stopAll(), { type: "stop", stop: readStop(said, blocks.hasCalls) }];
  };

  const readChange = (event: JsonObject): readonly AnswerEvent[] => {
    const said = isJsonObject(event["delta"]) ? event["delta"] : {};
    const stopped = typeof said["stop_reason"] === "string" ? stop(said) : [];
    return [...stopped, ...readUsageEvent(event["usage"])];
  };

  const readEvent = (type: string | undefined, event: JsonObject): readonly AnswerEvent[] => {
    switch (type) {
      case "message_start":
        return start(event["message"]);
      case "content_block_start":
        return blocks.start(event);
      case "content_block_delta":
        return blocks.delta(event);
      case "content_block_stop":
        return blocks.stop(event);
      case "message_delta":
        return readChange(event);
      case "message_stop":
        isComplete = true;
        return stop({});
      case "error":
        return fail(readError(event));
      default:
        // `ping`, and what is new.
        return isJsonObject(event["error"]) ? fail(readError(event)) : [];
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
      const events = readEvent(textOf(event["type"]) ?? name, event);
      if (events.some(({ type }) => type === "fail")) hasFailed = true;
      if (hasStarted || events.length === 0 || hasFailed) return events;
      // A provider that does not say that its answer begins.
      return [...start(undefined), ...events];
    },
    end: () => (hasFailed ? [] : fail(STREAM_BROKE_OFF)),
  };
}
