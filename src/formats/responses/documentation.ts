import type { FormatDocumentation } from "../format.ts";
import * as schemas from "./request-schema.ts";

/** What the OpenAPI document says of responses. */
export const RESPONSES_DOCUMENTATION: FormatDocumentation = {
  operationId: "createResponse",
  tag: { name: "Responses", description: "OpenAI's Responses API." },
  summary: "Create a response in the form of OpenAI's Responses API",
  description: "Relayed to OpenAI byte for byte.",
  example: { model: "openai/gpt-4o", input: "Hello" },
  schemas,
  request: schemas.CreateResponseRequest,
  streams: true,
};
