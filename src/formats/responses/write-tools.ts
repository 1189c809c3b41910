import type { JsonObject } from "../../core/json/parse.ts";
import type { Tool, ToolChoice } from "../form/conversation.ts";
import { withoutUndefined } from "../../core/json/values.ts";
import { LOCAL_SHELL } from "./local-shell.ts";
import { fitToolName } from "../form/tool-names.ts";
import { isStrictSchema } from "../form/strict-schema.ts";
import type { Notes } from "./member-lists.ts";
import { splitName, type SplitName } from "./tool-names.ts";

/** The name of a tool, and that of its namespace, as a provider takes them. */
export function fitName(tool: Tool): SplitName {
  const { name, namespace } = splitName(tool);
  return { name: fitToolName(name), namespace };
}

const TAKES_NOTHING: JsonObject = { type: "object", properties: {} };

/**
 * The tools of a conversation in the API's own spelling; those of one namespace together where its first one is.
 * @param notes for what a provider takes only in another way; absent if the client is told what it said itself
 */
export function writeTools(tools: readonly Tool[], notes?: Notes): JsonObject[] {
  const written: JsonObject[] = [];
  const namespaces = new Map<string, JsonObject[]>();
  for (const tool of tools) {
    const { native } = tool;
    if (native?.kind === "local_shell") written.push({ type: LOCAL_SHELL });
    else if (native?.kind !== "namespace") written.push(writeTool(tool, notes));
    else {
      const inner = namespaces.get(native.name) ?? [];
      if (inner.length === 0) {
        namespaces.set(native.name, inner);
        const { name, description = "" } = native;
        written.push({ type: "namespace", name, description, tools: inner });
      }
      inner.push(writeTool(tool, notes));
    }
  }
  return written;
}

function writeTool(tool: Tool, notes: Notes | undefined): JsonObject {
  const { name } = notes ? fitName(tool) : splitName(tool);
  const { description } = tool;
  if (tool.kind === "custom") return withoutUndefined({ type: "custom", name, description, format: tool.format });
  const { parameters = TAKES_NOTHING, strict: asked = false } = tool;
  // It is sent as it is; if the provider would refuse it as strict, it is not called strict.
  const strict = asked && (notes === undefined || isStrictSchema(parameters));
  if (asked && !strict) notes?.adjusted("tools[].strict");
  return withoutUndefined({ type: "function", name, description, parameters, strict });
}

export function writeToolChoice(choice: ToolChoice, tools: readonly Tool[]): unknown {
  // The first one of a name.
  const byName = new Map(tools.toReversed().map((tool) => [tool.name, tool]));
  const nameTool = (name: string): JsonObject => {
    const tool = byName.get(name);
    return withoutUndefined({
      type: tool?.kind ?? "function",
      ...(tool ? fitName(tool) : { name: fitToolName(name) }),
    });
  };
  switch (choice.kind) {
    case "named":
      return nameTool(choice.name);
    case "allowed":
      return { type: "allowed_tools", mode: choice.mode, tools: choice.names.map(nameTool) };
    default:
      return choice.kind;
  }
}
