import type { JsonObject } from "../../core/json/parse.ts";
import { withoutUndefined } from "../../core/json/values.ts";
import type { Conversation, Tool, ToolChoice } from "../form/conversation.ts";
import { CannotTranslate } from "../form/dialect.ts";
import { argumentsSchema, toFunction } from "../form/function-tools.ts";
import { offeredTools } from "../form/offered-tools.ts";
import { fitToolName } from "../form/tool-names.ts";
import type { WriteContext } from "./write-content.ts";

/** Writes `tools`, `tool_choice` and `strict_tools`; without tools there is no choice to be made. */
export function writeTools(conversation: Conversation, context: WriteContext): JsonObject {
  const { toolChoice, parallelCalls } = conversation;
  // No tool can be named: the named one is the only one that is told of.
  const offered = offeredTools(conversation).filter(
    ({ tool }) => toolChoice?.kind !== "named" || tool.name === toolChoice.name,
  );
  const choice = toolChoice && writeChoice(toolChoice);
  if (offered.length === 0) {
    if (choice === "REQUIRED") throw new CannotTranslate("tool_choice", "it asks for tools, and there are none");
    return {};
  }
  if (parallelCalls === false) context.notes.dropped("parallel_tool_calls");
  // One member for all of them.
  const isStrict = offered.every(({ tool }) => tool.kind === "function" && tool.strict === true);
  if (!isStrict && offered.some(({ tool }) => tool.kind === "function" && tool.strict)) {
    context.notes.dropped("tools[].strict");
  }
  return withoutUndefined({
    tools: offered.map(({ tool, index }) => writeTool(tool, index, context)),
    strict_tools: isStrict ? true : undefined,
    tool_choice: choice,
  });
}

/** @returns undefined if the model decides, for which the wire has no word */
function writeChoice(choice: ToolChoice): "REQUIRED" | "NONE" | undefined {
  switch (choice.kind) {
    case "auto":
      return undefined;
    case "none":
      return "NONE";
    case "allowed":
      return choice.mode === "required" ? "REQUIRED" : undefined;
    default:
      return "REQUIRED";
  }
}

function writeTool(tool: Tool, index: number, { notes }: WriteContext): JsonObject {
  if (tool.kind === "custom") notes.adjusted(`tools[${index}].type`);
  const { name, description, parameters } = toFunction(tool);
  return {
    type: "function",
    function: withoutUndefined({ name: fitToolName(name), description, parameters: argumentsSchema(parameters) }),
  };
}
