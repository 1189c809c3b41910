import { isJsonObject, type JsonObject, parseJson } from "../../core/json/parse.ts";
import type { AnswerError } from "../form/answer.ts";
import type { AnswerEvent } from "../form/answer-events.ts";
import type { AnswerStreamReader, WireTarget } from "../form/dialect.ts";
import { readAnswerError, STOPPED } from "./answer-error.ts";
import { listOf, objectOf } from "../../core/json/values.ts";
import { openStreamAnswer } from "./stream-answer.ts";
import { answerToolName } from "../form/forced-answer.ts";
import { clientToolNames } from "../form/tool-names.ts";
import { readUsage } from "./usage.ts";

const END_MARK = "[DONE]";

const BROKEN_OFF: AnswerError = {
  message: "The provider's stream ended before its answer was complete",
  type: undefined,
  code: "upstream_reset",
};

const NO_JSON: AnswerError = {
  message: "The provider's stream has an event that is not JSON",
  type: undefined,
  code: "upstream_invalid_response",
};

const NO_EVENTS: readonly AnswerEvent[] = [];

/**
 * Reads a provider's stream of chunks. The end is told once nothing more can come: behind `finish_reason` there is usage
 * yet, and some providers go on talking. Streams without a `finish_reason` are whole if `[DONE]` says so.
 */
export function readStream({ provider, tools }: WireTarget): AnswerStreamReader {
  let events: AnswerEvent[] = [];
  const emit = (event: AnswerEvent): void => void events.push(event);
  const answer = openStreamAnswer(
    provider,
    { toolName: clientToolNames(tools), answerTool: answerToolName(tools) },
    emit,
  );
  /** Behind a stop there may be usage. */
  let state: "open" | "stopped" | "failed" = "open";
  let isComplete = false;

  const fail = (error: AnswerError): void => {
    // The answer is whole; what goes wrong behind it takes nothing from it.
    if (state !== "open") return;
    state = "failed";
    emit({ type: "fail", error });
  };

  const stop = (): void => {
    if (state !== "open") return;
    state = "stopped";
    answer.stop();
  };

  const readChunk = (chunk: JsonObject, name: string | undefined): void => {
    const error = readAnswerError(name === "error" && !("error" in chunk) ? { error: chunk } : chunk);
    if (error !== undefined) return fail(error);
    const choice = listOf(chunk["choices"]).find(isFirstChoice);
    if (state === "open") {
      answer.start(chunk);
      if (choice !== undefined) answer.take(choice);
      if (answer.hasFailed) return fail(STOPPED);
    }
    // Moonshot reports usage in the choice, Groq beside it if it was not asked for.
    const usage =
      readUsage(chunk["usage"]) ?? readUsage(choice?.["usage"]) ?? readUsage(objectOf(chunk["x_groq"])?.["usage"]);
    if (usage === undefined) return;
    emit({ type: "usage", usage });
    if (answer.isFinished) stop();
  };

  const readData = (text: string, name: string | undefined): void => {
    const value = parseJson(text);
    // Google wraps errors in a list.
    const chunk: unknown = Array.isArray(value) ? value[0] : value;
    if (value === undefined) fail(NO_JSON);
    else if (isJsonObject(chunk)) readChunk(chunk, name);
  };

  return {
    get isComplete() {
      return isComplete;
    },
    read({ name, data }) {
      if (state === "failed" || isComplete) return NO_EVENTS;
      events = [];
      const text = data.trim();
      isComplete = text === END_MARK;
      if (isComplete) stop();
      else if (text !== "") readData(text, name);
      return events;
    },
    end() {
      if (state !== "open") return NO_EVENTS;
      events = [];
      if (answer.isFinished) stop();
      else fail(BROKEN_OFF);
      return events;
    },
  };
}

const isFirstChoice = (choice: unknown): choice is JsonObject => isJsonObject(choice) && (choice["index"] ?? 0) === 0;
