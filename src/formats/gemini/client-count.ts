import type { JsonObject } from "../../core/json/parse.ts";
import { objectOf } from "../../core/json/values.ts";
import type { Conversation } from "../form/conversation.ts";
import { readRequest } from "./read-request.ts";

/** Reads a request for the number of tokens of contents, or of a whole request. https://ai.google.dev/api/tokens */
export function readCountRequest({ model, ...body }: JsonObject): Conversation {
  const whole = objectOf(body["generateContentRequest"] ?? body["generate_content_request"]);
  return readRequest({ ...(whole ?? body), model });
}

export const writeCount = (tokens: number): JsonObject => ({ totalTokens: tokens });
