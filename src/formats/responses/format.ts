import { isJsonObject, type JsonObject } from "../../core/json/parse.ts";
import { ERROR_ENVELOPES } from "../error-body.ts";
import type { Format } from "../format.ts";
import { readInputImage } from "../images.ts";
import { checkAgainst } from "../schema/check.ts";
import { CreateResponseRequest } from "./request-schema.ts";

/** A stored prompt is filled with the values of its variables, which may be images. */
function promptVariables({ prompt }: JsonObject): { parts: readonly unknown[]; path: string } {
  const variables = isJsonObject(prompt) ? prompt["variables"] : undefined;
  return { parts: isJsonObject(variables) ? Object.values(variables) : [], path: "prompt.variables" };
}

/** OpenAI's Responses. https://platform.openai.com/docs/api-reference/responses */
export const RESPONSES: Format = {
  api: "responses",
  notSupported: "responses_not_supported",
  check: checkAgainst(CreateResponseRequest),
  images: { member: "input", read: readInputImage, elsewhere: promptVariables },
  hasStreamOptions: false,
  usageAtStart: false,
  // All of its clients read only that.
  errors: ERROR_ENVELOPES.openai,
  errorEvent: ({ code, message }) =>
    `event: error\ndata: ${JSON.stringify({ type: "error", code, message, param: null })}\n\n`,
  // The event that completes a response holds all of it, its name at the start and the only usage near its end.
  finalEventMarker: '"usage":{',
  documentation: async () => (await import("./documentation.ts")).RESPONSES_DOCUMENTATION,
};
