import type { Format } from "../format.ts";
import { checkModelAndStream } from "../required-members.ts";
import { readChatImage } from "../images.ts";
import { OPENAI_STREAM } from "../openai-stream.ts";
import { checkChatRequest } from "./check-request.ts";

/** OpenAI's Chat Completions. https://platform.openai.com/docs/api-reference/chat */
export const CHAT: Format = {
  ...OPENAI_STREAM,
  api: "chat",
  notSupported: "chat_not_supported",
  checkRequired: checkModelAndStream,
  check: checkChatRequest,
  images: { member: "messages", read: readChatImage },
  hasStreamOptions: true,
  usageAtStart: false,
  documentation: async () => (await import("./documentation.ts")).CHAT_DOCUMENTATION,
};
