import type { ApiName, Format } from "../formats/format.ts";
import { ROUTE_ROWS } from "./routes.ts";

/**
 * What the conventions call what an API is for; they have no name for counting.
 * https://opentelemetry.io/docs/specs/semconv/registry/attributes/gen-ai/
 */
const OPERATIONS: Readonly<Record<ApiName, string>> = {
  chat: "chat",
  messages: "chat",
  responses: "chat",
  completions: "text_completion",
  generate: "generate_content",
  embeddings: "embeddings",
  countTokens: "count_tokens",
  countGenerateTokens: "count_tokens",
};

const operationOf = ({ api, stored, counts }: Format): string | undefined => {
  if (counts) return "count_tokens";
  // What the provider keeps is asked for, and no model.
  return stored ? undefined : OPERATIONS[api];
};

/** What the requests of each route are for that may ask a model, by the route's name in the log. */
export const ROUTE_OPERATIONS: ReadonlyMap<string, string> = new Map(
  ROUTE_ROWS.flatMap(([name, { format, paths }]) => {
    const operation = name === "proxy" ? "proxy" : format && operationOf(format);
    return operation === undefined ? [] : [[paths[0] ?? "", operation] as const];
  }),
);
