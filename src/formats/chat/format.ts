import { checkChatRequest } from "../schema/check.ts";
import type { Format } from "../format.ts";
import { readChatImage } from "../images.ts";

/** OpenAI's Chat Completions. https://platform.openai.com/docs/api-reference/chat */
export const CHAT: Format = {
  api: "chat",
  notSupported: "provider_not_found",
  check: checkChatRequest,
  images: { member: "messages", read: readChatImage },
  hasStreamOptions: true,
  anthropicErrors: false,
  usageAtStart: false,
  finalEventMarker: "data: [DONE]",
  errorEvent: ({ message, code, details }) => {
    const error = { message, type: "upstream_error", code: details.wireCode ?? code };
    return `data: ${JSON.stringify({ error })}\n\n`;
  },
};
