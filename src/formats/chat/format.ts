import { judgeOpenAiContent } from "../openai-content.ts";
import type { Format } from "../format.ts";
import { checkModelAndStream } from "../required-members.ts";
import { readChatImage } from "../images.ts";
import { OpenAiStream } from "../openai-stream.ts";
import { KEEP_ALIVE_COMMENT } from "../stream-watch.ts";

/** OpenAI's Chat Completions. https://platform.openai.com/docs/api-reference/chat */
export const CHAT: Format = {
  api: "chat",
  notSupported: "chat_not_supported",
  checkRequired: checkModelAndStream,
  loadCheck: async () => (await import("./check-request.ts")).checkChatRequest,
  images: { member: "messages", read: readChatImage },
  hasStreamOptions: true,
  usageAtStart: false,
  watchStream: () => new OpenAiStream(),
  contentOf: judgeOpenAiContent,
  keepAlive: KEEP_ALIVE_COMMENT,
  documentation: async () => (await import("./documentation.ts")).CHAT_DOCUMENTATION,
};
