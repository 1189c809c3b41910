import type { Operation, Parameter, Paths } from "./open-api.ts";
import { operation, type OperationSpecification } from "./operation.ts";
import { proxyPath } from "./proxy-path.ts";

const PROVIDER_PARAMETER: Parameter = {
  name: "provider",
  in: "query",
  description: "Id of the provider to ask, whatever the model name says.",
  schema: { $ref: "#/components/schemas/Provider" },
};

const INCLUDE_PARAMETER: Parameter = {
  name: "include",
  in: "query",
  description: "Comma list of what to add to every model: context_window, pricing, modalities.",
  schema: { type: "string" },
  example: "context_window,modalities",
};

const MODEL_PARAMETER: Parameter = {
  name: "id",
  in: "path",
  required: true,
  description: "Model id, <provider>/<id at the provider>; slashes stand as they are.",
  schema: { type: "string" },
};

const SHOW_TOOLS_PARAMETER: Parameter = {
  name: "X-MCP-Show-Tools",
  in: "header",
  description: "true: stream the tool calls that the gateway runs itself as well.",
  schema: { type: "string" },
};

const BYPASS_PARAMETER: Parameter = {
  name: "X-MCP-Bypass",
  in: "header",
  description: "Any value: leave the tools of the MCP servers out of this request.",
  schema: { type: "string" },
};

const HEALTH: OperationSpecification = {
  id: "health",
  tag: "Health",
  summary: "Is the gateway running",
  description: "Asks no provider and needs no credential.",
  answer: "HealthResponse",
  errors: [],
  guarded: false,
};

/** The page and the document tell of themselves too; they have no schema of the API to name. */
const PAGE: Operation = {
  operationId: "documentationPage",
  tags: ["Documentation"],
  summary: "This documentation as a page",
  responses: { 200: { description: "OK", content: { "text/html": { schema: { type: "string" } } } } },
};
const DOCUMENT: Operation = {
  operationId: "openApiDocument",
  tags: ["Documentation"],
  summary: "This documentation as an OpenAPI document",
  responses: { 200: { description: "OK", content: { "application/json": { schema: { type: "object" } } } } },
};

const TEXT_PAGE = { schema: { type: "string" } } as const;
const GUIDE: Operation = {
  operationId: "guide",
  tags: ["Documentation"],
  summary: "First page of the user's guide",
  responses: { 200: { description: "OK", content: { "text/html": TEXT_PAGE } } },
};
const GUIDE_PAGE: Operation = {
  operationId: "guidePage",
  tags: ["Documentation"],
  summary: "A page of the user's guide, as HTML or, if its name ends in .md, as Markdown",
  parameters: [
    {
      name: "page",
      in: "path",
      required: true,
      description: "Name of the page.",
      schema: { type: "string" },
      example: "settings",
    },
  ],
  responses: { 200: { description: "OK", content: { "text/html": TEXT_PAGE, "text/markdown": TEXT_PAGE } } },
};

/** Errors of every route that calls a provider with a JSON body that names a model. */
const RELAYED = [400, 403, 413, 415, 429, 502, 504] as const;

/**
 * Every public route with its methods, as the OpenAPI document tells it. Written by hand because the routes take raw
 * bytes and wildcards, of which the router knows too little; a test holds it against the routes of the contract.
 */
export const ROUTE_DOCUMENTATION: Paths = {
  "/health": { get: operation(HEALTH) },
  "/v1/health": {
    get: operation({ ...HEALTH, id: "healthV1", description: "The same as /health, where clients look under /v1." }),
  },
  "/health/ready": {
    get: operation({ ...HEALTH, id: "ready", summary: "Will the gateway take new requests", errors: [503] }),
  },
  "/v1/models": {
    get: operation({
      id: "listModels",
      tag: "Models",
      summary: "List the models of all providers, or of one",
      description: "A provider that fails or is slow is left out, unless it was asked for by name.",
      parameters: [PROVIDER_PARAMETER, INCLUDE_PARAMETER],
      answer: "ListModelsResponse",
      errors: [400, 502, 504],
    }),
  },
  "/v1/models/{id}": {
    get: operation({
      id: "getModel",
      tag: "Models",
      summary: "Describe one model",
      parameters: [MODEL_PARAMETER, INCLUDE_PARAMETER],
      answer: "Model",
      errors: [400, 404, 502, 504],
    }),
  },
  "/v1/chat/completions": {
    post: operation({
      id: "createChatCompletion",
      tag: "Chat",
      summary: "Complete a conversation",
      description: "With stream: true the answer is a stream of events that ends in data: [DONE].",
      parameters: [PROVIDER_PARAMETER, BYPASS_PARAMETER, SHOW_TOOLS_PARAMETER],
      body: "CreateChatCompletionRequest",
      example: { model: "openai/gpt-4o", messages: [{ role: "user", content: "Hello" }] },
      answer: "CreateChatCompletionResponse",
      event: "SSEvent",
      errors: RELAYED,
    }),
  },
  "/v1/messages": {
    post: operation({
      id: "createMessage",
      tag: "Messages",
      summary: "Complete a conversation in Anthropic's form",
      description: "Relayed to Anthropic byte for byte. x-api-key is accepted in place of the bearer token.",
      parameters: [PROVIDER_PARAMETER],
      body: "CreateMessageRequest",
      example: {
        model: "anthropic/claude-sonnet-4-5",
        max_tokens: 100,
        messages: [{ role: "user", content: "Hello" }],
      },
      answer: "ProviderSpecificResponse",
      event: "SSEvent",
      errors: RELAYED,
      errorSchema: "AnthropicErrorResponse",
    }),
  },
  "/v1/messages/count_tokens": {
    post: operation({
      id: "countMessageTokens",
      tag: "Messages",
      summary: "Count the tokens of a conversation in Anthropic's form",
      parameters: [PROVIDER_PARAMETER],
      body: "CountMessageTokensRequest",
      example: { model: "anthropic/claude-sonnet-4-5", messages: [{ role: "user", content: "Hello" }] },
      answer: "ProviderSpecificResponse",
      errors: RELAYED,
      errorSchema: "AnthropicErrorResponse",
    }),
  },
  "/v1/responses": {
    post: operation({
      id: "createResponse",
      tag: "Responses",
      summary: "Create a response in the form of OpenAI's Responses API",
      description: "Relayed to OpenAI byte for byte.",
      parameters: [PROVIDER_PARAMETER],
      body: "CreateResponseRequest",
      example: { model: "openai/gpt-4o", input: "Hello" },
      answer: "ProviderSpecificResponse",
      event: "SSEvent",
      errors: RELAYED,
    }),
  },
  "/v1/embeddings": {
    post: operation({
      id: "createEmbedding",
      tag: "Embeddings",
      summary: "Turn text into vectors",
      parameters: [PROVIDER_PARAMETER],
      body: "CreateEmbeddingRequest",
      example: { model: "openai/text-embedding-3-small", input: "Hello" },
      answer: "CreateEmbeddingResponse",
      errors: RELAYED,
    }),
  },
  "/v1/mcp/tools": {
    get: operation({
      id: "listTools",
      tag: "MCP",
      summary: "List the tools of the connected MCP servers",
      description: "403 unless MCP_EXPOSE=true.",
      answer: "ListToolsResponse",
      errors: [403],
    }),
  },
  "/swagger": { get: PAGE },
  "/swagger/json": { get: DOCUMENT },
  "/docs": { get: GUIDE },
  "/docs/{page}": { get: GUIDE_PAGE },
  "/proxy/{provider}/{path}": proxyPath(""),
  "/v1/proxy/{provider}/{path}": proxyPath("V1"),
};
