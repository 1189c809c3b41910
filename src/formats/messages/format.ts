import { checkCountTokensRequest, checkMessageRequest } from "../schema/check.ts";
import type { Format } from "../format.ts";
import { readAnthropicImage } from "../images.ts";
import { renderFailureBody } from "../error-body.ts";

/** Anthropic's Messages. https://docs.anthropic.com/en/api/messages */
export const MESSAGES: Format = {
  api: "messages",
  notSupported: "messages_not_supported",
  check: checkMessageRequest,
  images: { member: "messages", read: readAnthropicImage },
  hasStreamOptions: false,
  anthropicErrors: true,
  usageAtStart: true,
  finalEventMarker: '"message_stop"',
  errorEvent: (failure, requestId) => `event: error\ndata: ${renderFailureBody(failure, "anthropic", requestId)}\n\n`,
};

/** https://docs.anthropic.com/en/api/messages-count-tokens */
export const COUNT_TOKENS: Format = { ...MESSAGES, api: "countTokens", check: checkCountTokensRequest };
