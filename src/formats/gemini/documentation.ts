import type { DocumentationTag, FormatDocumentation } from "../format.ts";
import * as schemas from "./request-schema.ts";

const TAG: DocumentationTag = { name: "Gemini", description: "Google's Gemini API." };

const PATH_PARAMETERS = {
  model: "The model, as provider/model or, if only one provider has it, by its bare name. Slashes may be encoded.",
};

const CONTENTS = [{ role: "user", parts: [{ text: "Hello" }] }];

/** What the OpenAPI document says of generateContent. */
export const GENERATE_DOCUMENTATION: FormatDocumentation = {
  operationId: "generateContent",
  tag: TAG,
  summary: "Complete a conversation in Gemini's form",
  description: "Relayed byte for byte to providers that have this API, and translated for all others.",
  pathParameters: PATH_PARAMETERS,
  exampleModel: "google/gemini-2.5-flash",
  example: { contents: CONTENTS },
  schemas,
  request: schemas.GenerateContentRequest,
  streams: false,
};

/** What it says of its streams. */
export const STREAM_DOCUMENTATION: FormatDocumentation = {
  ...GENERATE_DOCUMENTATION,
  operationId: "streamGenerateContent",
  summary: "Complete a conversation in Gemini's form, piece by piece",
  description: "A stream of events with alt=sse, else one JSON array whose elements come one by one.",
  queryParameters: { alt: "sse for a stream of events." },
  streams: true,
};

/** What it says of counting tokens. */
export const COUNT_DOCUMENTATION: FormatDocumentation = {
  ...GENERATE_DOCUMENTATION,
  operationId: "countGenerateTokens",
  summary: "Count the tokens of a conversation in Gemini's form",
  description: "Only at providers that have this API.",
  request: schemas.CountGenerateTokensRequest,
};
