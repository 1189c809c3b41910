import { isJsonObject } from "../../core/json/parse.ts";
import { objectOf } from "../../core/json/values.ts";
import { type EventContent, isFilled } from "../first-content.ts";
import { isErrorEvent, type SeenEvent } from "../stream-watch.ts";

/** Items that begin empty; all others say something by their beginning, such as calls. */
const GROWING: ReadonlySet<unknown> = new Set(["message", "reasoning"]);

/** Events of a tool that runs at the provider, of a picture as it grows, and the like: `response.web_search_call.searching`. A long name is none. */
const OF_CALLS = /^(?=.{1,128}$)response\.\w+_call[\w.]*\.\w+$/;

/** A delta of any kind, an item that says something by its beginning, or one that is done. */
export function judgeResponsesContent(event: SeenEvent): EventContent {
  const { data, name } = event;
  const type = isJsonObject(data) ? (data["type"] ?? name) : name;
  if (isErrorEvent(event)) return { error: data };
  if (!isJsonObject(data) || typeof type !== "string") return "none";
  const response = objectOf(data["response"]);
  if (type === "response.failed") return { error: { error: response?.["error"] ?? "The response has failed" } };
  if (type === "response.output_item.added") return GROWING.has(objectOf(data["item"])?.["type"]) ? "none" : "content";
  if (type.endsWith(".delta")) return isFilled(data["delta"]) ? "content" : "none";
  if (type === "response.output_item.done" || type === "response.incomplete" || OF_CALLS.test(type)) return "content";
  return type === "response.completed" && isFilled(response?.["output"]) ? "content" : "none";
}
