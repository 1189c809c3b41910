import * as chatRequest from "../../formats/chat/request-schema.ts";
import * as chatResponse from "../../formats/chat/response-schema.ts";
import * as chatStream from "../../formats/chat/stream-schema.ts";
import * as embeddings from "../../formats/embeddings/schemas.ts";
import * as errors from "../../formats/error-schemas.ts";
import * as health from "../health-schema.ts";
import * as mcp from "../../tools/schemas.ts";
import * as messageRequest from "../../formats/messages/request-schema.ts";
import * as messages from "../../formats/chat/message-schema.ts";
import * as models from "../../routing/model-schemas.ts";
import * as responseRequest from "../../formats/responses/request-schema.ts";
import * as tools from "../../formats/chat/tool-schema.ts";

export * from "../../formats/chat/request-schema.ts";
export * from "../../formats/chat/response-schema.ts";
export * from "../../formats/chat/stream-schema.ts";
export * from "../../formats/embeddings/schemas.ts";
export * from "../../formats/error-schemas.ts";
export * from "../health-schema.ts";
export * from "../../tools/schemas.ts";
export * from "../../formats/messages/request-schema.ts";
export * from "../../formats/chat/message-schema.ts";
export * from "../../routing/model-schemas.ts";
export * from "../../formats/responses/request-schema.ts";
export * from "../../formats/chat/tool-schema.ts";

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
