import * as chatRequest from "./chat-request.ts";
import * as chatResponse from "./chat-response.ts";
import * as chatStream from "./chat-stream.ts";
import * as embeddings from "./embeddings.ts";
import * as errors from "./errors.ts";
import * as health from "./health.ts";
import * as mcp from "./mcp.ts";
import * as messageRequest from "./message-request.ts";
import * as messages from "./messages.ts";
import * as models from "./models.ts";
import * as responseRequest from "./response-request.ts";
import * as tools from "./tools.ts";

export * from "./chat-request.ts";
export * from "./chat-response.ts";
export * from "./chat-stream.ts";
export * from "./embeddings.ts";
export * from "./errors.ts";
export * from "./health.ts";
export * from "./mcp.ts";
export * from "./message-request.ts";
export * from "./messages.ts";
export * from "./models.ts";
export * from "./response-request.ts";
export * from "./tools.ts";

/**
 * Every schema of the API under its own name; the components of the OpenAPI document
 * follow from it. The files named here export schemas and their types, nothing else.
 */
export const SCHEMAS = {
  ...models,
  ...chatRequest,
  ...messages,
  ...chatResponse,
  ...chatStream,
  ...tools,
  ...mcp,
  ...messageRequest,
  ...responseRequest,
  ...embeddings,
  ...errors,
  ...health,
} as const;

/** Name of a schema of the API. */
export type SchemaName = keyof typeof SCHEMAS;
