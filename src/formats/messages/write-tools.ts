import type { JsonObject } from "../../core/json/parse.ts";
import type { Conversation, Tool, ToolChoice } from "../form/conversation.ts";
import { CannotTranslate } from "../form/dialect.ts";
import { fitSchema } from "../form/fit-schema.ts";
import { demandsCall } from "../form/forced-answer.ts";
import { argumentsSchema, CUSTOM_PARAMETERS, describeCustom } from "../form/function-tools.ts";
import { offeredTools } from "../form/offered-tools.ts";
import type { WireObject } from "./members.ts";
import { toWireName } from "./tool-names.ts";
import type { Writing } from "./writing.ts";

export interface WrittenTools {
  readonly tools?: readonly WireObject[];
  readonly tool_choice?: WireObject;
}

/**
 * Writes `tools` and `tool_choice`.
 * @throws CannotTranslate for a choice among no tools
 */
export function writeTools(conversation: Conversation, writing: Writing): WrittenTools {
  const { toolChoice, parallelCalls } = conversation;
  const offered = offeredTools(conversation);
  if (offered.length === 0) {
    if (demandsCall(toolChoice)) throw new CannotTranslate("tool_choice", "it asks for tools, and there are none");
    return writeForgotten(conversation, writing);
  }
  const choice = writeChoice(toolChoice, parallelCalls);
  return { tools: offered.map(({ tool }) => writeTool(tool, writing)), ...(choice && { tool_choice: choice }) };
}

/** Those who resell Claude refuse calls of tools that are not there; Anthropic itself does not. */
function writeForgotten({ turns }: Conversation, { target }: Writing): WrittenTools {
  if (target.provider === "anthropic") return {};
  const names = new Set(
    turns.flatMap(({ blocks }) => blocks.flatMap((block) => (block.type === "call" ? toWireName(block.name) : []))),
  );
  if (names.size === 0) return {};
  return {
    tools: [...names].map((name): WireObject => ({ name, input_schema: { type: "object" } })),
    tool_choice: { type: "none" },
  };
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
  const schema = argumentsSchema(tool.parameters);
  const isStrict = tool.strict === true && writing.target.facts.takesOutputSchema;
  written["input_schema"] = isStrict ? strictSchema(schema, writing) : schema;
  if (isStrict) written["strict"] = true;
  else if (tool.strict) writing.note("dropped", "tools[].strict");
  return writing.mark(written, tool.cache);
}

function strictSchema(parameters: JsonObject, writing: Writing): JsonObject {
  const { schema, isExact } = fitSchema(parameters, false);
  if (!isExact) writing.note("adjusted", "tools[].parameters");
  return schema;
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
