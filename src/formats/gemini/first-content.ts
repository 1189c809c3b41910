import { isJsonObject, type JsonObject } from "../../core/json/parse.ts";
import { listOf, objectOf } from "../../core/json/values.ts";
import { type EventContent, hasFilled, isFilled } from "../first-content.ts";
import { isErrorEvent, type SeenEvent } from "../stream-watch.ts";

/** What a part has beside what it says: that it is a thought, and the seal of one. */
const OF_PARTS: ReadonlySet<string> = new Set(["thought", "thoughtSignature"]);

/** A candidate that has ended so has said nothing if nothing came before; any other reason says something of the answer. */
const PLAIN_ENDS: ReadonlySet<unknown> = new Set(["STOP", "FINISH_REASON_UNSPECIFIED"]);

/** A part that says something, or the reason why there is none. */
export function judgeGenerateContent(event: SeenEvent): EventContent {
  const { data } = event;
  if (isErrorEvent(event)) return { error: data };
  if (!isJsonObject(data)) return "none";
  if (isFilled(objectOf(data["promptFeedback"])?.["blockReason"])) return "content";
  return listOf(data["candidates"]).some((one) => isJsonObject(one) && saysSomething(one)) ? "content" : "none";
}

function saysSomething({ content, finishReason: reason }: JsonObject): boolean {
  const parts = listOf(objectOf(content)?.["parts"]);
  return parts.some((part) => hasFilled(part, OF_PARTS)) || (isFilled(reason) && !PLAIN_ENDS.has(reason));
}
