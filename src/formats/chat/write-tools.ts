import type { JsonObject } from "../../core/json/parse.ts";
import type { Conversation, Tool, ToolChoice } from "../form/conversation.ts";
import { CannotTranslate } from "../form/dialect.ts";
import { CUSTOM_PARAMETERS, describeCustom } from "../form/function-tools.ts";
import { offeredTools } from "../form/offered-tools.ts";
import { objectOf, withoutUndefined } from "../../core/json/values.ts";
import { isStrictSchema } from "../form/strict-schema.ts";
import { fitToolName } from "../form/tool-names.ts";
import { type WriteContext, writeCacheMark } from "./write-content.ts";

/** Writes `tools`, `tool_choice` and `parallel_tool_calls`; nothing of them without tools, as providers refuse that. */
export function writeTools(
  { tools, toolChoice, parallelCalls }: Pick<Conversation, "tools" | "toolChoice" | "parallelCalls">,
  context: WriteContext,
): JsonObject {
  const { isOpenAi } = context.traits;
  // Others know no `allowed_tools`: they get the allowed ones alone.
  const offered = offeredTools({ tools, toolChoice: isOpenAi ? undefined : toolChoice });
  if (offered.length === 0) {
    const isDemanded = toolChoice !== undefined && toolChoice.kind !== "auto" && toolChoice.kind !== "none";
    if (isDemanded) throw new CannotTranslate("tool_choice", "it asks for tools, and there are none");
    return {};
  }
  return withoutUndefined({
    tools: offered.map(({ tool, index }) => writeTool(tool, `tools[${index}]`, context)),
    tool_choice: toolChoice && writeToolChoice(toolChoice, tools, isOpenAi),
    // They are parallel unless said otherwise.
    parallel_tool_calls: parallelCalls === false ? false : undefined,
  });
}

function writeTool(tool: Tool, path: string, context: WriteContext): JsonObject {
  const { description } = tool;
  const name = fitToolName(tool.name);
  const { isOpenAi } = context.traits;
  if (tool.kind === "custom") {
    if (isOpenAi) {
      const format = tool.format && nestGrammar(tool.format);
      return { type: "custom", custom: withoutUndefined({ name, description, format }) };
    }
    context.notes.adjusted(`${path}.type`);
    const described = describeCustom(tool);
    return {
      type: "function",
      function: withoutUndefined({ name, description: described, parameters: CUSTOM_PARAMETERS }),
    };
  }
  const parameters = tool.parameters ?? (isOpenAi ? undefined : { type: "object", properties: {} });
  const strict = writeStrict(tool.strict, parameters, `${path}.strict`, context);
  return {
    type: "function",
    function: withoutUndefined({ name, description, parameters, strict }),
    ...writeCacheMark(tool.cache, context),
  };
}

/** The form has a grammar flat, as the Responses API does. */
function nestGrammar(format: JsonObject): JsonObject {
  if (format["type"] !== "grammar" || objectOf(format["grammar"])) return format;
  const { type, ...grammar } = format;
  return { type, grammar };
}

/** A schema is sent as it is; if the provider would refuse it as strict, it is not called strict. */
export function writeStrict(
  strict: boolean | undefined,
  schema: JsonObject | undefined,
  member: string,
  { notes }: WriteContext,
): boolean | undefined {
  if (strict !== true || isStrictSchema(schema)) return strict;
  notes.adjusted(member);
  return false;
}

function writeToolChoice(choice: ToolChoice, tools: readonly Tool[], isOpenAi: boolean): unknown {
  const custom = new Set(tools.flatMap(({ kind, name }) => (isOpenAi && kind === "custom" ? [name] : [])));
  const reference = (name: string): JsonObject => {
    const named = { name: fitToolName(name) };
    return custom.has(name) ? { type: "custom", custom: named } : { type: "function", function: named };
  };
  switch (choice.kind) {
    case "auto":
    case "none":
    case "required":
      return choice.kind;
    case "named":
      return reference(choice.name);
    case "allowed":
      if (!isOpenAi) return choice.mode;
      return {
        type: "allowed_tools",
        allowed_tools: { mode: choice.mode, tools: choice.names.map(reference) },
      };
  }
}
