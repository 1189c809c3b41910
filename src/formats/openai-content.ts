import { isJsonObject, type JsonObject } from "../core/json/parse.ts";
import { listOf } from "../core/json/values.ts";
import { readAnswerError } from "./answer-error.ts";
import { type EventContent, hasFilled, isFilled } from "./first-content.ts";
import { isErrorEvent, type SeenEvent } from "./stream-watch.ts";

/** What a delta has beside what it says. */
const OF_DELTAS: ReadonlySet<string> = new Set(["role"]);

/** A choice that has ended so has said nothing if nothing came before; any other reason says something of the answer. */
const PLAIN_END = "stop";

/** Of chat completions and completions: text, thoughts, refusals, calls, audio, whatever a delta has beside its role. */
export function judgeOpenAiContent(event: SeenEvent): EventContent {
  const { data } = event;
  if (isErrorEvent(event)) return { error: data };
  if (!isJsonObject(data)) return "none";
  const choices = listOf(data["choices"]);
  // A chunk without any choice may tell the usage, or what a filter found in the prompt.
  if (choices.length > 0 || data["choices"] === undefined) {
    if (readAnswerError(data, (text) => text)) return { error: data };
  }
  return choices.some((choice) => isJsonObject(choice) && saysSomething(choice)) ? "content" : "none";
}

function saysSomething({ delta, message, text, finish_reason: reason }: JsonObject): boolean {
  // Of completions, the text itself; some providers send a whole message.
  if (hasFilled(delta, OF_DELTAS) || hasFilled(message, OF_DELTAS) || isFilled(text)) return true;
  return isFilled(reason) && reason !== PLAIN_END;
}
