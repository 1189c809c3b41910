import type { FormatDocumentation } from "../format.ts";
import * as request from "./request-schema.ts";
import * as response from "./response-schema.ts";

/** What the OpenAPI document says of completions. */
export const COMPLETIONS_DOCUMENTATION: FormatDocumentation = {
  operationId: "createCompletion",
  tag: { name: "Completions", description: "OpenAI's older API: one text to be completed, or to be filled in." },
  summary: "Complete a text, or fill in what is missing between two",
  description: "With stream: true the answer is a stream of events that ends in data: [DONE].",
  example: { model: "openai/gpt-3.5-turbo-instruct", prompt: "def add(a, b):", suffix: "\n", max_tokens: 64 },
  schemas: { ...request, ...response },
  request: request.CreateCompletionRequest,
  response: response.CreateCompletionResponse,
  streams: true,
};
