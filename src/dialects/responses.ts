import { checkResponseRequest } from "../schemas/check-request.ts";
import type { Dialect } from "./dialect.ts";
import { readInputImage } from "./find-images.ts";

/** OpenAI's Responses. https://platform.openai.com/docs/api-reference/responses */
export const RESPONSES: Dialect = {
  api: "responses",
  notSupported: "responses_not_supported",
  check: checkResponseRequest,
  images: { member: "input", read: readInputImage },
  hasStreamOptions: false,
  anthropicErrors: false,
  usageAtStart: false,
  // The event that completes a response holds all of it, its name at the start and the only usage near its end.
  endMark: '"usage":{',
  errorEvent: (failure) => {
    const { code, message } = failure;
    return `event: error\ndata: ${JSON.stringify({ type: "error", code, message, param: null })}\n\n`;
  },
};
