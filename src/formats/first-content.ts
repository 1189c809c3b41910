import { isJsonObject, type JsonObject } from "../core/json/parse.ts";
import type { SeenEvent } from "./stream-watch.ts";

/** What one event says of an answer: nothing of it yet, some of it, or the error with which the provider failed, as it says it. */
export type EventContent = "none" | "content" | { readonly error: unknown };

/** Judges the events of a stream of one format, from the first one on. What is none of the format's own events is nothing. */
export type JudgeContent = (event: SeenEvent) => EventContent;

/** Whether a member says something: null, false and empty texts, lists and objects do not. */
export function isFilled(value: unknown): boolean {
  if (typeof value === "object" && value !== null) return Object.keys(value).length > 0;
  return value !== undefined && value !== null && value !== false && value !== "";
}

/** Whether an object has a member that says something, beside those that only say what it is. */
export const hasFilled = (object: unknown, empty: ReadonlySet<string>): object is JsonObject =>
  isJsonObject(object) && Object.entries(object).some(([name, value]) => !empty.has(name) && isFilled(value));
