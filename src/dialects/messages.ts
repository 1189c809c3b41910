import { checkCountTokensRequest, checkMessageRequest } from "../schemas/check-request.ts";
import type { Dialect } from "./dialect.ts";
import { readAnthropicImage } from "./find-images.ts";
import { renderFailureBody } from "./render-failure.ts";

/** Anthropic's Messages. https://docs.anthropic.com/en/api/messages */
export const MESSAGES: Dialect = {
  api: "messages",
  notSupported: "messages_not_supported",
  check: checkMessageRequest,
  images: { member: "messages", read: readAnthropicImage },
  hasStreamOptions: false,
  anthropicErrors: true,
  usageAtStart: true,
  endMark: '"message_stop"',
  errorEvent: (failure, requestId) => `event: error\ndata: ${renderFailureBody(failure, "anthropic", requestId)}\n\n`,
};

/** https://docs.anthropic.com/en/api/messages-count-tokens */
export const COUNT_TOKENS: Dialect = { ...MESSAGES, api: "countTokens", check: checkCountTokensRequest };
