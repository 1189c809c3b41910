import { isJsonObject, type JsonObject } from "../../core/json/parse.ts";
import type { ForeignMember, Tool, ToolChoice } from "../form/conversation.ts";
import { CannotTranslate } from "../form/dialect.ts";
import { booleanOf, objectOf, textOf } from "../../core/json/values.ts";
import { unreadHints } from "../form/unread-members.ts";
import { readCache } from "./members.ts";

/**
 * The provider looks for deferred tools with it. Other formats have all tools at hand from the beginning, so nothing is
 * lost without it.
 */
const TOOL_SEARCH = /^tool_search_tool_/;

/** Members of a tool that are read; the others, such as `defer_loading`, change nothing of what a call means. */
const READ: ReadonlySet<string> = new Set([
  ...["type", "name", "description", "input_schema", "strict", "cache_control", "allowed_callers"],
]);

const READ_OF_CHOICE: ReadonlySet<string> = new Set(["type", "name", "disable_parallel_tool_use"]);

/** Reads `tools`; those that the provider runs or defines itself have no place elsewhere. */
export function readTools(tools: unknown, foreign: ForeignMember[]): readonly Tool[] {
  if (tools === undefined || tools === null) return [];
  if (!Array.isArray(tools)) throw new CannotTranslate("tools", "it must be an array");
  return tools.flatMap((tool: unknown, at) => readTool(tool, `tools[${at}]`, foreign));
}

function readTool(tool: unknown, path: string, foreign: ForeignMember[]): readonly Tool[] {
  if (!isJsonObject(tool)) throw new CannotTranslate(path, "it must be an object");
  const type = textOf(tool["type"]) ?? "custom";
  if (type !== "custom") {
    foreign.push({ path: `${path}.type`, isEssential: !TOOL_SEARCH.test(type) });
    return [];
  }
  foreign.push(...unreadHints(tool, path, READ));
  const callers = tool["allowed_callers"];
  if (Array.isArray(callers) && !(callers.length === 1 && callers[0] === "direct")) {
    foreign.push({ path: `${path}.allowed_callers`, isEssential: !callers.includes("direct") });
  }
  return [
    {
      kind: "function",
      name: textOf(tool["name"]) ?? "",
      description: textOf(tool["description"]),
      parameters: objectOf(tool["input_schema"]),
      strict: booleanOf(tool["strict"]),
      cache: readCache(tool),
    },
  ];
}

/** Reads `tool_choice`, which also says whether several tools may be called at once. */
export function readToolChoice(
  choice: unknown,
  foreign: ForeignMember[],
): {
  readonly toolChoice: ToolChoice | undefined;
  readonly parallelCalls: boolean | undefined;
} {
  if (!isJsonObject(choice)) return { toolChoice: undefined, parallelCalls: undefined };
  foreign.push(...unreadHints(choice, "tool_choice", READ_OF_CHOICE));
  const isSerial = booleanOf(choice["disable_parallel_tool_use"]);
  return { toolChoice: readChoice(choice), parallelCalls: isSerial === undefined ? undefined : !isSerial };
}

function readChoice(choice: JsonObject): ToolChoice {
  switch (choice["type"]) {
    case "auto":
    case "none":
      return { kind: choice["type"] };
    case "any":
      return { kind: "required" };
    case "tool":
      return { kind: "named", name: textOf(choice["name"]) ?? "" };
    default:
      throw new CannotTranslate("tool_choice.type", "it must be auto, any, tool or none");
  }
}
