import type { Conversation, Tool, ToolChoice } from "../form/conversation.ts";
import { argumentsSchema, CUSTOM_PARAMETERS, describeCustom } from "../form/function-tools.ts";
import type { WireObject } from "./members.ts";
import { toWireName } from "./tool-names.ts";
import type { Writing } from "./writing.ts";

export interface WrittenTools {
  readonly tools?: readonly WireObject[];
  readonly tool_choice?: WireObject;
}

/** Writes `tools` and `tool_choice`; without tools there is no choice to be made. */
export function writeTools({ tools, toolChoice, parallelCalls }: Conversation, writing: Writing): WrittenTools {
  const offered = toolChoice?.kind === "allowed" ? tools.filter(({ name }) => toolChoice.names.includes(name)) : tools;
  if (offered.length === 0) return {};
  const choice = writeChoice(toolChoice, parallelCalls);
  return { tools: offered.map((tool) => writeTool(tool, writing)), ...(choice && { tool_choice: choice }) };
}

function writeTool(tool: Tool, writing: Writing): WireObject {
  const name = toWireName(tool.name);
  if (tool.kind === "custom") {
    writing.note("adjusted", `tools.${tool.name}`);
    // The wire has no tools that take free text.
    return { name, description: describeCustom(tool) ?? "", input_schema: CUSTOM_PARAMETERS };
  }
  const written: WireObject = { name };
  if (tool.description !== undefined) written["description"] = tool.description;
  written["input_schema"] = argumentsSchema(tool.parameters);
  if (tool.strict && writing.target.facts.takesOutputSchema) written["strict"] = true;
  else if (tool.strict) writing.note("dropped", "tools[].strict");
  return writing.mark(written, tool.cache);
}

function writeChoice(choice: ToolChoice | undefined, parallelCalls: boolean | undefined): WireObject | undefined {
  const written = choice && writeKind(choice);
  if (parallelCalls !== false || written?.["type"] === "none") return written;
  return { ...(written ?? { type: "auto" }), disable_parallel_tool_use: true };
}

function writeKind(choice: ToolChoice): WireObject {
  switch (choice.kind) {
    case "auto":
    case "none":
      return { type: choice.kind };
    case "required":
      return { type: "any" };
    case "named":
      return { type: "tool", name: toWireName(choice.name) };
    case "allowed":
      return { type: choice.mode === "required" ? "any" : "auto" };
  }
}
