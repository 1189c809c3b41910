import type { JsonObject } from "../../core/json/parse.ts";
import { numberOf } from "../../core/json/values.ts";
import type { Conversation } from "../form/conversation.ts";
import type { WireTarget, WrittenRequest } from "../form/dialect.ts";
import { writeRequest } from "./write-request.ts";

/** What a request to count tokens may have; with anything else it is refused. */
const COUNTED: ReadonlySet<string> = new Set(["model", "messages", "system", "tools", "tool_choice", "thinking"]);

/** Writes a request for the number of tokens of a conversation. https://docs.anthropic.com/en/api/messages-count-tokens */
export function writeCountRequest(conversation: Conversation, target: WireTarget): WrittenRequest {
  const { body, notes } = writeRequest(conversation, target);
  return { body: Object.fromEntries(Object.entries(body).filter(([name]) => COUNTED.has(name))), notes };
}

/** @returns undefined if the answer does not say it */
export const readCount = (body: JsonObject): number | undefined => numberOf(body["input_tokens"]);
