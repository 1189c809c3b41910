import type { JsonObject } from "../../core/json/parse.ts";
import type { ToolDescription } from "./tool-list.ts";

/** A tool as it is in `tools` of a chat completion. */
export interface ToolDefinition {
  readonly type: "function";
  readonly function: { readonly name: string; readonly description: string; readonly parameters: JsonObject };
}

/**
 * One function for each tool, with its schema.
 * @param reduced whether schemas are for a provider that refuses most of JSON Schema; else they are as the server sent them
 */
export const defineTools = (tools: readonly ToolDescription[], reduced: boolean): ToolDefinition[] =>
  tools.map(({ name, description, inputSchema, reducedSchema }) =>
    define(name, description, reduced && reducedSchema ? reducedSchema : inputSchema),
  );

/** The two functions with which a model looks tools up and runs them. */
export const defineSelector = (names: { readonly get: string; readonly execute: string }): ToolDefinition[] => [
  define(
    names.get,
    "Looks up the tools that can be used. With query: those whose name or description has one of its words. " +
      `With names: those tools with the schemas of their arguments, which ${names.execute} needs. Without either: all.`,
    {
      type: "object",
      properties: {
        query: { type: "string", description: "Words to look for" },
        names: { type: "array", items: { type: "string" }, description: "Names of tools, as this function lists them" },
      },
    },
  ),
  define(names.execute, `Runs a tool that ${names.get} has listed, and returns its result.`, {
    type: "object",
    properties: {
      name: { type: "string", description: `Name of the tool, as ${names.get} lists it` },
      arguments: { type: "object", description: "What the tool's input_schema asks for" },
    },
    required: ["name"],
  }),
];

function define(name: string, description: string, parameters: JsonObject): ToolDefinition {
  return { type: "function", function: { name, description, parameters } };
}
