import type { FormatDocumentation } from "../format.ts";
import * as schemas from "./request-schema.ts";

/** What the OpenAPI document says of responses. */
export const RESPONSES_DOCUMENTATION: FormatDocumentation = {
  operationId: "createResponse",
  tag: { name: "Responses", description: "OpenAI's Responses API." },
  summary: "Create a response in the form of OpenAI's Responses API",
  description: "Relayed byte for byte to providers that have this API, and translated for all others.",
  example: { model: "openai/gpt-4o", input: "Hello" },
  schemas,
  request: schemas.CreateResponseRequest,
  streams: true,
};
