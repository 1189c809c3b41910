import type { Format } from "../format.ts";
import { checkModelAndStream } from "../required-members.ts";
import { readChatImage } from "../images.ts";
import { KEEP_ALIVE_COMMENT } from "../stream-watch.ts";
import { checkChatRequest } from "./check-request.ts";
import { ChatStream } from "./stream.ts";

/** OpenAI's Chat Completions. https://platform.openai.com/docs/api-reference/chat */
export const CHAT: Format = {
  api: "chat",
  notSupported: "chat_not_supported",
  checkRequired: checkModelAndStream,
  check: checkChatRequest,
  images: { member: "messages", read: readChatImage },
  hasStreamOptions: true,
  usageAtStart: false,
  watchStream: () => new ChatStream(),
  keepAlive: KEEP_ALIVE_COMMENT,
  finalEventMarker: "data: [DONE]",
  documentation: async () => (await import("./documentation.ts")).CHAT_DOCUMENTATION,
};
