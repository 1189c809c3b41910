import { isJsonObject, type JsonObject } from "../../core/json/parse.ts";
import { ERROR_ENVELOPES } from "../error-body.ts";
import { judgeResponsesContent } from "./first-content.ts";
import type { Format } from "../format.ts";
import { checkModelAndStream } from "../required-members.ts";
import { readInputImage } from "../images.ts";
import { KEEP_ALIVE_COMMENT } from "../stream-watch.ts";
import { ResponsesStream } from "./stream.ts";

/** A stored prompt is filled with the values of its variables, which may be images. */
function promptVariables({ prompt }: JsonObject): { parts: readonly unknown[]; path: string } {
  const variables = isJsonObject(prompt) ? prompt["variables"] : undefined;
  return { parts: isJsonObject(variables) ? Object.values(variables) : [], path: "prompt.variables" };
}

/** OpenAI's Responses. https://platform.openai.com/docs/api-reference/responses */
export const RESPONSES: Format = {
  api: "responses",
  notSupported: "responses_not_supported",
  checkRequired: checkModelAndStream,
  loadCheck: async () => (await import("./check-request.ts")).checkResponseRequest,
  images: { member: "input", read: readInputImage, elsewhere: promptVariables },
  hasStreamOptions: false,
  usageAtStart: false,
  // All of its clients read only that.
  errors: ERROR_ENVELOPES.openai,
  watchStream: () => new ResponsesStream(),
  contentOf: judgeResponsesContent,
  keepAlive: KEEP_ALIVE_COMMENT,
  documentation: async () => (await import("./documentation.ts")).RESPONSES_DOCUMENTATION,
};
