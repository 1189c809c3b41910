import type { JsonObject } from "../../core/json/parse.ts";
import type { OutputFormat } from "./conversation.ts";

/**
 * The schema of an output with what the client said of the output beside it, for wires that have a place only for the
 * schema. What the schema says of itself goes before.
 */
export function describedSchema({ schema, description }: Extract<OutputFormat, { kind: "schema" }>): JsonObject {
  return description === undefined || description === "" || "description" in schema
    ? schema
    : { ...schema, description };
}
