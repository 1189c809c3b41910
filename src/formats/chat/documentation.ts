import type { FormatDocumentation } from "../format.ts";
import * as messages from "./message-schema.ts";
import * as request from "./request-schema.ts";
import * as response from "./response-schema.ts";
import * as stream from "./stream-schema.ts";
import * as tools from "./tool-schema.ts";

/** What the OpenAPI document says of chat completions. */
export const CHAT_DOCUMENTATION: FormatDocumentation = {
  operationId: "createChatCompletion",
  tag: { name: "Chat", description: "Chat completions over every provider." },
  summary: "Complete a conversation",
  description: "With stream: true the answer is a stream of events that ends in data: [DONE].",
  example: { model: "openai/gpt-4o", messages: [{ role: "user", content: "Hello" }] },
  // These files export schemas and their types, nothing else.
  schemas: { ...request, ...messages, ...response, ...stream, ...tools },
  request: request.CreateChatCompletionRequest,
  response: response.CreateChatCompletionResponse,
  streams: true,
};
