import type { FormatDocumentation } from "../format.ts";
import { RESPONSES_DOCUMENTATION } from "./documentation.ts";
import * as schemas from "./further-schemas.ts";

const { tag } = RESPONSES_DOCUMENTATION;

const MODEL = "openai/gpt-4o";
const ID = { id: "Id of the response, at the provider or in the store of the gateway." };

const WHOSE =
  "Responses that the gateway keeps (RESPONSES_STORE) are its own to answer for. Any other stored response names no model, so the provider is that of ?provider=, or the one that has given it as far as the gateway remembers, or the only configured one with this API. While " +
  "ALLOWED_MODELS or DISALLOWED_MODELS is set, PROXY_WITHOUT_MODEL=allow is needed.";

/** What is the same for all that has no body. */
const STORED = { tag, description: WHOSE, schemas: {}, pathParameters: ID, streams: false } as const;

/** What the OpenAPI document says of everything below `/v1/responses`. */
export const FURTHER_DOCUMENTATION: Readonly<Record<string, FormatDocumentation>> = {
  compact: {
    operationId: "compactResponse",
    tag,
    summary: "Make a conversation shorter",
    description: "Relayed byte for byte to providers with the Responses API; those without this part of it answer 404.",
    example: { model: MODEL, input: "Hello" },
    schemas,
    request: schemas.CompactResponseRequest,
    streams: false,
  },
  inputTokens: {
    operationId: "countResponseInputTokens",
    tag,
    summary: "Count the input tokens of a response",
    description:
      "Relayed byte for byte to providers with the Responses API; those without this part of it answer 404. Of others the " +
      "API of Messages that counts tokens is asked, or the number is an estimate (COUNT_TOKENS).",
    example: { model: MODEL, input: "Hello" },
    schemas,
    request: schemas.CountInputTokensRequest,
    streams: false,
  },
  get: {
    ...STORED,
    operationId: "getResponse",
    summary: "Get a stored response",
    queryParameters: { stream: "true: as a stream of events, from starting_after on." },
    streams: true,
  },
  delete: { ...STORED, operationId: "deleteResponse", summary: "Delete a stored response" },
  inputItems: { ...STORED, operationId: "listInputItems", summary: "List the input of a stored response" },
  cancel: { ...STORED, operationId: "cancelResponse", summary: "Cancel a response that is made in the background" },
};
