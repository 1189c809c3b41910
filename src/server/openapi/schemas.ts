import * as errors from "../../formats/error-schemas.ts";
import { SSEvent } from "../../formats/chat/stream-schema.ts";
import * as models from "../../routing/model-schemas.ts";
import * as mcp from "../../tools/schemas.ts";
import * as health from "../health-schema.ts";
import * as history from "../history-schema.ts";
import * as routing from "../routing-schema.ts";

/**
 * The schemas of the API that belong to no format, under their own names; the formats bring theirs with them. The files
 * named here export schemas and their types, nothing else.
 */
export const SCHEMAS = { ...models, ...mcp, ...errors, ...health, ...routing, ...history, SSEvent } as const;

/** Name of a schema of the API that belongs to no format. */
export type SchemaName = keyof typeof SCHEMAS;
