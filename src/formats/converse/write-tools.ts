import type { JsonObject } from "../../core/json/parse.ts";
import type { Conversation, Tool, ToolChoice } from "../form/conversation.ts";
import { CannotTranslate } from "../form/dialect.ts";
import { fitSchema } from "../form/fit-schema.ts";
import { argumentsSchema, toFunction } from "../form/function-tools.ts";
import { offeredTools } from "../form/offered-tools.ts";
import { fitToolName } from "../form/tool-names.ts";
import type { Writing } from "./writing.ts";

export interface WrittenTools {
  readonly tools: readonly JsonObject[];
  readonly toolChoice?: JsonObject;
}

/**
 * Writes `toolConfig`.
 * @param called names of tools that the history has calls of: the wire wants tools then, whether or not there are any
 */
export function writeTools(
  conversation: Conversation,
  called: ReadonlySet<string>,
  writing: Writing,
): WrittenTools | undefined {
  const { toolChoice, parallelCalls } = conversation;
  // The wire cannot forbid to call a tool that it is told of.
  if (toolChoice?.kind === "none") return undefined;
  const offered = offeredTools(conversation);
  const choice = toolChoice && writeChoice(toolChoice);
  if (offered.length === 0) {
    if (choice) throw new CannotTranslate("tool_choice", "it asks for tools, and there are none");
    if (called.size === 0) return undefined;
    writing.note("adjusted", "tools");
    return { tools: [...called].map(declare) };
  }
  if (parallelCalls === false) writing.note("dropped", "parallel_tool_calls");
  const written = offered.flatMap(({ tool, index }) => writeTool(tool, index, writing));
  return { tools: written, ...(choice && { toolChoice: choice }) };
}

const declare = (name: string): JsonObject => ({ toolSpec: { name, inputSchema: { json: { type: "object" } } } });

function writeTool(tool: Tool, index: number, writing: Writing): readonly JsonObject[] {
  if (tool.kind === "custom") writing.note("adjusted", `tools[${index}].type`);
  const { name, description, strict, cache, ...said } = toFunction(tool);
  const isStrict = strict === true && writing.family === "claude" && writing.target.facts.takesOutputSchema;
  if (strict && !isStrict) writing.note("dropped", `tools[${index}].strict`);
  const parameters = argumentsSchema(said.parameters);
  const spec = isStrict
    ? toolSpec(name, description, strictSchema(parameters, index, writing), { strict: true })
    : toolSpec(name, description, parameters, {});
  return [spec, ...writing.cachePoint(cache, "tools")];
}

function strictSchema(parameters: JsonObject, index: number, writing: Writing): JsonObject {
  const { schema, isExact } = fitSchema(parameters, false);
  if (!isExact) writing.note("adjusted", `tools[${index}].parameters`);
  return schema;
}

/** A description may be left out, but not be empty. */
const toolSpec = (name: string, description: string | undefined, schema: JsonObject, more: JsonObject): JsonObject => ({
  toolSpec: { name: fitToolName(name), ...(description && { description }), inputSchema: { json: schema }, ...more },
});

/** @returns undefined for what the wire does by itself */
function writeChoice(choice: ToolChoice): JsonObject | undefined {
  switch (choice.kind) {
    case "required":
      return { any: {} };
    case "named":
      return { tool: { name: fitToolName(choice.name) } };
    case "allowed":
      return choice.mode === "required" ? { any: {} } : undefined;
    default:
      return undefined;
  }
}
