import type { JsonObject } from "../../core/json/parse.ts";
import { objectOf, textOf } from "../../core/json/values.ts";
import type { CallBlock } from "./blocks.ts";
import type { Tool } from "./conversation.ts";

/** Custom tools are sent to providers without them as functions with this one parameter. */
export const CUSTOM_PARAMETERS: JsonObject = {
  type: "object",
  properties: { input: { type: "string" } },
  required: ["input"],
  additionalProperties: false,
};

/** The arguments of a call, always JSON, for providers that know only functions. */
export function functionArguments({ kind, input }: CallBlock): string {
  if (kind === "custom") return JSON.stringify({ input });
  return input === "" ? "{}" : input;
}

export type FunctionTool = Extract<Tool, { readonly kind: "function" }>;

/** A tool as providers know it that know only functions. */
export function toFunction(tool: Tool): FunctionTool {
  if (tool.kind === "function") return tool;
  return {
    kind: "function",
    name: tool.name,
    description: describeCustom(tool),
    parameters: CUSTOM_PARAMETERS,
    strict: undefined,
    cache: undefined,
  };
}

/** What a custom tool says of itself as a function: its grammar cannot be enforced there, so the model is told of it. */
export function describeCustom({ description, format }: Extract<Tool, { kind: "custom" }>): string | undefined {
  const definition = textOf((objectOf(format?.["grammar"]) ?? format)?.["definition"]);
  if (definition === undefined) return description;
  return `${description ?? ""}\n\nThe text in \`input\` must follow this grammar:\n${definition}`.trimStart();
}

/** The schema of a function's arguments for providers that demand one, and one of an object. */
export function argumentsSchema(parameters: JsonObject | undefined): JsonObject {
  if (!parameters) return { type: "object", properties: {} };
  return parameters["type"] === undefined ? { type: "object", ...parameters } : parameters;
}
