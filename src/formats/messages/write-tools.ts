import type { JsonObject } from "../../core/json/parse.ts";
import type { Conversation, Tool, ToolChoice } from "../form/conversation.ts";
import { fitSchema } from "./fit-schema.ts";
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

/** Whether the model must call a tool. */
export function isCallForced({ tools, toolChoice }: Conversation): boolean {
  if (!toolChoice || tools.length === 0) return false;
  return (
    toolChoice.kind === "required" ||
    toolChoice.kind === "named" ||
    (toolChoice.kind === "allowed" && toolChoice.mode === "required")
  );
}

function writeTool(tool: Tool, writing: Writing): WireObject {
  const name = toWireName(tool.name);
  if (tool.kind === "custom") {
    writing.note("adjusted", `tools.${tool.name}`);
    return { name, description: describeCustom(tool.description, tool.format), input_schema: TEXT_INPUT };
  }
  const written: WireObject = { name };
  if (tool.description !== undefined) written["description"] = tool.description;
  const schema = inputSchema(tool.parameters);
  const isStrict = tool.strict === true && writing.target.facts.takesOutputSchema;
  written["input_schema"] = isStrict ? strictSchema(schema, writing) : schema;
  if (isStrict) written["strict"] = true;
  else if (tool.strict) writing.note("dropped", "tools[].strict");
  return writing.mark(written, tool.cache);
}

/** The wire has no tools that take free text: it is the one argument of a function. */
const TEXT_INPUT: JsonObject = { type: "object", properties: { input: { type: "string" } }, required: ["input"] };

/** A grammar cannot be enforced here, so the model is told of it. */
function describeCustom(description: string | undefined, format: JsonObject | undefined): string {
  const grammar = format?.["grammar"] ?? format;
  const definition = grammar && typeof grammar === "object" && "definition" in grammar ? grammar.definition : undefined;
  const said = description ?? "";
  if (typeof definition !== "string") return said;
  return `${said}\n\nThe text in \`input\` must follow this grammar:\n${definition}`.trimStart();
}

/** A schema of arguments must be one of an object. */
function inputSchema(parameters: JsonObject | undefined): JsonObject {
  if (!parameters) return { type: "object", properties: {} };
  return parameters["type"] === undefined ? { type: "object", ...parameters } : parameters;
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
