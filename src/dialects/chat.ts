import { checkChatRequest } from "../schemas/check-request.ts";
import type { Dialect } from "./dialect.ts";
import { readChatImage } from "./find-images.ts";

/** OpenAI's Chat Completions. https://platform.openai.com/docs/api-reference/chat */
export const CHAT: Dialect = {
  api: "chat",
  notSupported: "provider_not_found",
  check: checkChatRequest,
  images: { member: "messages", read: readChatImage },
  hasStreamOptions: true,
  anthropicErrors: false,
  usageAtStart: false,
  endMark: "data: [DONE]",
  errorEvent: ({ message, code, details }) => {
    const error = { message, type: "upstream_error", code: details.wireCode ?? code };
    return `data: ${JSON.stringify({ error })}\n\n`;
  },
};
