import type { JsonObject } from "../../core/json/parse.ts";
import type { Tool, ToolChoice } from "../form/conversation.ts";
import { withoutUndefined } from "../../core/json/values.ts";
import { LOCAL_SHELL } from "./local-shell.ts";
import { splitName } from "./tool-names.ts";

const TAKES_NOTHING: JsonObject = { type: "object", properties: {} };

/** The tools of a conversation in the API's own spelling; those of one namespace together where its first one is. */
export function writeTools(tools: readonly Tool[]): JsonObject[] {
  const written: JsonObject[] = [];
  const namespaces = new Map<string, JsonObject[]>();
  for (const tool of tools) {
    const { native } = tool;
    if (native?.kind === "local_shell") written.push({ type: LOCAL_SHELL });
    else if (native?.kind !== "namespace") written.push(writeTool(tool));
    else {
      const inner = namespaces.get(native.name) ?? [];
      if (inner.length === 0) {
        namespaces.set(native.name, inner);
        const { name, description = "" } = native;
        written.push({ type: "namespace", name, description, tools: inner });
      }
      inner.push(writeTool(tool));
    }
  }
  return written;
}

function writeTool(tool: Tool): JsonObject {
  const { name } = splitName(tool);
  const { description } = tool;
  if (tool.kind === "custom") return withoutUndefined({ type: "custom", name, description, format: tool.format });
  const { parameters = TAKES_NOTHING, strict = false } = tool;
  return withoutUndefined({ type: "function", name, description, parameters, strict });
}

export function writeToolChoice(choice: ToolChoice, tools: readonly Tool[]): unknown {
  const nameTool = (name: string): JsonObject => {
    const tool = tools.find((one) => one.name === name);
    return withoutUndefined({ type: tool?.kind ?? "function", ...(tool ? splitName(tool) : { name }) });
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
