import type { DocumentationTag, FormatDocumentation } from "../format.ts";
import * as schemas from "./request-schema.ts";

const TAG: DocumentationTag = { name: "Messages", description: "Anthropic's Messages API." };

const MODEL = "anthropic/claude-sonnet-4-5";

/** What the OpenAPI document says of messages. */
export const MESSAGES_DOCUMENTATION: FormatDocumentation = {
  operationId: "createMessage",
  tag: TAG,
  summary: "Complete a conversation in Anthropic's form",
  description: "Relayed byte for byte to providers that have this API, and translated for all others.",
  example: { model: MODEL, max_tokens: 100, messages: [{ role: "user", content: "Hello" }] },
  schemas,
  request: schemas.CreateMessageRequest,
  streams: true,
};

/** What the OpenAPI document says of counting tokens. */
export const COUNT_TOKENS_DOCUMENTATION: FormatDocumentation = {
  operationId: "countMessageTokens",
  tag: TAG,
  summary: "Count the tokens of a conversation in Anthropic's form",
  description:
    "If the provider cannot count in this API, another one of its APIs is asked, or the number is an estimate (COUNT_TOKENS).",
  example: { model: MODEL, messages: [{ role: "user", content: "Hello" }] },
  schemas,
  request: schemas.CountMessageTokensRequest,
  streams: false,
};
