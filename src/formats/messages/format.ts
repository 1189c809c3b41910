import { ANTHROPIC_REQUEST_ID, ERROR_ENVELOPES } from "../error-body.ts";
import { judgeMessagesContent } from "./first-content.ts";
import type { Format } from "../format.ts";
import { readAnthropicImage } from "../images.ts";
import { checkModel, checkModelAndStream } from "../required-members.ts";
import { MESSAGES_STREAM } from "./stream.ts";

const ERRORS = ERROR_ENVELOPES.anthropic;

/** Anthropic's Messages. https://docs.anthropic.com/en/api/messages */
export const MESSAGES: Format = {
  api: "messages",
  notSupported: "messages_not_supported",
  checkRequired: checkModelAndStream,
  loadCheck: async () => (await import("./check-request.ts")).checkMessageRequest,
  images: { member: "messages", read: readAnthropicImage },
  hasStreamOptions: false,
  usageAtStart: true,
  errors: ERRORS,
  requestIdHeader: ANTHROPIC_REQUEST_ID,
  watchStream: () => MESSAGES_STREAM,
  contentOf: judgeMessagesContent,
  // https://docs.anthropic.com/en/docs/build-with-claude/streaming#ping-events
  keepAlive: 'event: ping\ndata: {"type": "ping"}\n\n',
  documentation: async () => (await import("./documentation.ts")).MESSAGES_DOCUMENTATION,
};

/** https://docs.anthropic.com/en/api/messages-count-tokens */
export const COUNT_TOKENS: Format = {
  ...MESSAGES,
  api: "countTokens",
  counts: { api: "messages", write: (tokens) => ({ input_tokens: tokens }) },
  checkRequired: checkModel,
  loadCheck: async () => (await import("./check-request.ts")).checkCountRequest,
  documentation: async () => (await import("./documentation.ts")).COUNT_TOKENS_DOCUMENTATION,
};
