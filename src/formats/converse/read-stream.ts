import { isJsonObject, type JsonObject, parseJson } from "../../core/json/parse.ts";
import { textOf } from "../../core/json/values.ts";
import type { AnswerError } from "../form/answer.ts";
import type { AnswerEvent } from "../form/answer-events.ts";
import type { AnswerStreamReader, WireTarget } from "../form/dialect.ts";
import { NO_EVENT, STREAM_BROKE_OFF } from "../form/stream-faults.ts";
import { toAnswerError } from "./exceptions.ts";
import { EXCEPTION } from "./framing.ts";
import { sourceOf } from "./read-content.ts";
import { malformed, readStop } from "./stop-reason.ts";
import { StreamBlocks } from "./stream-blocks.ts";
import { readUsage } from "./usage.ts";

/**
 * Reads a stream of ConverseStream. With the reason to stop the answer is whole: what is missing or goes wrong behind it, an
 * exception of the provider included, takes nothing from it.
 * https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html
 */
export function readStream(target: WireTarget): AnswerStreamReader {
  const blocks = new StreamBlocks(sourceOf(target));
  let hasStarted = false;
  let hasStopped = false;
  let hasFailed = false;
  /** It comes behind the stop, or before it. */
  let hasMetadata = false;

  const fail = (error: AnswerError): readonly AnswerEvent[] => {
    if (hasStopped) return [];
    hasFailed = true;
    return [{ type: "fail", error }];
  };

  const stop = (said: string | undefined): readonly AnswerEvent[] => {
    if (hasStopped) return [];
    const read = readStop(said, blocks.hasCalls);
    if (read.reason === "error") return fail(toAnswerError(undefined, malformed(said)));
    hasStopped = true;
    return [...blocks.stopAll(), { type: "stop", stop: read }];
  };

  const readMetadata = (event: JsonObject): readonly AnswerEvent[] => {
    hasMetadata = true;
    const usage = readUsage(event["usage"]);
    return usage ? [{ type: "usage", usage }] : [];
  };

  const readEvent = (name: string, event: JsonObject): readonly AnswerEvent[] => {
    switch (name) {
      case "contentBlockStart":
        return hasStopped ? [] : blocks.start(event);
      case "contentBlockDelta":
        return hasStopped ? [] : blocks.delta(event);
      case "contentBlockStop":
        return blocks.stop(event);
      case "messageStop":
        return stop(textOf(event["stopReason"]));
      case "metadata":
        return readMetadata(event);
      case EXCEPTION:
        return fail(toAnswerError(textOf(event["type"]), textOf(event["message"])));
      default:
        // `messageStart`, and what is new.
        return [];
    }
  };

  return {
    get held() {
      return blocks.held;
    },
    get isComplete() {
      return hasStopped && hasMetadata;
    },
    read({ name, data }) {
      // What is new may come without anything said.
      if (hasFailed || (hasStopped && hasMetadata) || data === "") return [];
      const event = parseJson(data);
      if (!isJsonObject(event)) return fail(NO_EVENT);
      const events = readEvent(name ?? "", event);
      if (events.at(-1)?.type === "fail") hasFailed = true;
      if (hasStarted || hasFailed) return events;
      hasStarted = true;
      return [{ type: "start", id: undefined, model: undefined }, ...events];
    },
    // Some endpoints leave out the usage.
    end: () => (hasFailed ? [] : fail(STREAM_BROKE_OFF)),
  };
}
