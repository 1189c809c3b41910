import { isJsonObject, type JsonObject, parseJson } from "../../core/json/parse.ts";
import { filledTextOf } from "../../core/json/values.ts";
import type { AnswerError, Stop } from "../form/answer.ts";
import type { AnswerEvent } from "../form/answer-events.ts";
import type { AnswerStreamReader, WireTarget } from "../form/dialect.ts";
import { NO_EVENT, STREAM_BROKE_OFF } from "../form/stream-faults.ts";
import { readAnswerError } from "./answer-error.ts";
import { readBlocked, readFinish } from "./finish-reason.ts";
import { firstCandidate } from "./read-answer.ts";
import { PartReader } from "./read-parts.ts";
import { mergeUsage, readUsage } from "./usage.ts";

/** What providers that speak OpenAI's API as well send at the end of this one, too. */
const DONE = "[DONE]";

/**
 * Reads the stream of a provider of this wire: whole answer objects, each with only the parts that are new. What ends an
 * answer is its `finishReason`; the wire has no event that ends the stream.
 * https://ai.google.dev/api/generate-content#method:-models.streamgeneratecontent
 */
export function readStream(target: WireTarget): AnswerStreamReader {
  const parts = new PartReader(target);
  let hasStarted = false;
  let hasFailed = false;
  let stop: Stop | undefined;
  /** The reason to stop came with the last event. */
  let hasStoppedLast = false;
  let usage: JsonObject = {};
  let id = "";

  const fail = (error: AnswerError): readonly AnswerEvent[] => {
    hasFailed = true;
    return [{ type: "fail", error }];
  };

  const start = (body: JsonObject): readonly AnswerEvent[] => {
    if (hasStarted) return [];
    hasStarted = true;
    const said = filledTextOf(body["responseId"]);
    id = said ?? "";
    return [{ type: "start", id: said, model: filledTextOf(body["modelVersion"]) }];
  };

  const readUsageOf = (body: JsonObject): readonly AnswerEvent[] => {
    if (!isJsonObject(body["usageMetadata"])) return [];
    usage = mergeUsage(usage, body["usageMetadata"]);
    const read = readUsage(usage);
    return read ? [{ type: "usage", usage: read }] : [];
  };

  const readBody = (body: JsonObject): readonly AnswerEvent[] => {
    const candidate = firstCandidate(body);
    const events = [...start(body)];
    if (candidate) {
      for (const event of parts.read(candidate["content"], id)) events.push(event);
      for (const event of parts.annotate(candidate)) events.push(event);
    }
    for (const event of readUsageOf(body)) events.push(event);
    const finish = (candidate && readFinish(candidate, parts)) ?? readBlocked(body);
    if (finish && "error" in finish) {
      // An answer that is a failure from its beginning has not begun.
      return parts.isEmpty ? fail(finish.error) : [...events, ...fail(finish.error)];
    }
    hasStoppedLast = finish !== undefined;
    stop = finish ?? stop;
    return events;
  };

  return {
    get held() {
      return parts.held;
    },
    get isWhole() {
      return hasStoppedLast && !hasFailed;
    },
    read({ data }) {
      if (hasFailed || data === DONE || data === "") return [];
      const body = parseJson(data);
      const error = readAnswerError(body);
      if (error) return fail(error);
      return isJsonObject(body) ? readBody(body) : fail(NO_EVENT);
    },
    end() {
      if (hasFailed) return [];
      if (!stop) return fail(STREAM_BROKE_OFF);
      // Calls may have come after the reason to stop.
      const told: Stop = stop.reason === "end" && parts.hasCalls ? { ...stop, reason: "tool" } : stop;
      return [...parts.close(), { type: "stop", stop: told }];
    },
  };
}
