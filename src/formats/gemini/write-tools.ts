import type { JsonObject } from "../../core/json/parse.ts";
import type { Conversation, Tool, ToolChoice } from "../form/conversation.ts";
import { demandsCall } from "../form/forced-answer.ts";
import { describeCustom } from "../form/function-tools.ts";
import { offeredTools } from "../form/offered-tools.ts";
import { cleanSchema } from "./clean-schema.ts";
import { toWireName } from "./tool-names.ts";
import type { WireObject, Writing } from "./writing.ts";

export interface WrittenTools {
  readonly tools?: readonly WireObject[];
  readonly toolConfig?: WireObject;
}

/** Writes `tools`, all functions as one of them, and `toolConfig`; without tools there is no choice to be made. */
export function writeTools(conversation: Conversation, writing: Writing): WrittenTools {
  const { tools, toolChoice, parallelCalls } = conversation;
  const isOld = writing.target.facts.knowsSchemasInPart === true;
  // Older models know a choice of names only if one of them must be called.
  const isCut = isOld && toolChoice?.kind === "allowed" && toolChoice.mode === "auto";
  const offered = isCut ? offeredTools(conversation).map(({ tool }) => tool) : tools;
  if (offered.length === 0) return {};
  if (parallelCalls === false) writing.note("dropped", "parallel_tool_calls");
  const config = writeChoice(isCut ? { kind: "auto" } : toolChoice, isStrict(offered, toolChoice, writing));
  return {
    tools: [{ functionDeclarations: offered.map((tool) => writeTool(tool, writing)) }],
    ...(config && { toolConfig: { functionCallingConfig: config } }),
  };
}

/**
 * Whether arguments are to match their schemas exactly. Calls that are forced do so anyway, and what a model may decide
 * is one choice for all tools.
 */
function isStrict(tools: readonly Tool[], choice: ToolChoice | undefined, writing: Writing): boolean {
  const strict = tools.filter((tool) => tool.kind === "function" && tool.strict === true);
  if (strict.length === 0 || demandsCall(choice) || choice?.kind === "none") return false;
  if (strict.length === tools.length && !writing.target.facts.knowsSchemasInPart) return true;
  writing.note("dropped", "tools[].strict");
  return false;
}

function writeTool(tool: Tool, writing: Writing): WireObject {
  const written: WireObject = { name: toWireName(tool.name) };
  if (tool.kind === "custom") {
    writing.note("adjusted", `tools.${tool.name}`);
    written["description"] = describeCustom(tool) ?? "";
    written["parameters"] = TEXT_INPUT;
    return written;
  }
  if (tool.description !== undefined) written["description"] = tool.description;
  if (!tool.parameters) return written;
  if (!writing.target.facts.knowsSchemasInPart) {
    const { parameters } = tool;
    written["parametersJsonSchema"] = parameters["type"] === undefined ? { type: "object", ...parameters } : parameters;
    return written;
  }
  const member = `tools.${tool.name}.parameters`;
  const { schema, isExact } = cleanSchema(tool.parameters, member, writing.schemas);
  if (!isExact) writing.note("adjusted", member);
  // It refuses an object that has no members.
  if (schema["properties"] !== undefined) written["parameters"] = schema;
  return written;
}

/** The wire has no tools that take free text: it is the one argument of a function. */
const TEXT_INPUT: JsonObject = { type: "object", properties: { input: { type: "string" } }, required: ["input"] };

/** https://ai.google.dev/api/caching#FunctionCallingConfig */
function writeChoice(choice: ToolChoice | undefined, isStrictAuto: boolean): WireObject | undefined {
  const auto = isStrictAuto ? "VALIDATED" : "AUTO";
  switch (choice?.kind) {
    case undefined:
      return isStrictAuto ? { mode: auto } : undefined;
    case "auto":
      return { mode: auto };
    case "none":
      return { mode: "NONE" };
    case "required":
      return { mode: "ANY" };
    case "named":
      return { mode: "ANY", allowedFunctionNames: [toWireName(choice.name)] };
    case "allowed":
      // With AUTO, names are refused.
      return {
        mode: choice.mode === "required" ? "ANY" : "VALIDATED",
        allowedFunctionNames: choice.names.map(toWireName),
      };
  }
}
