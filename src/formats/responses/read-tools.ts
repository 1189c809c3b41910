import type { JsonObject } from "../../core/json/parse.ts";
import type { NativeTool, Tool, ToolChoice } from "../form/conversation.ts";
import { isSet, listOf, objectOf, textOf, booleanOf } from "../../core/json/values.ts";
import { unreadMembers } from "../form/unread-members.ts";
import { LOCAL_SHELL, LOCAL_SHELL_TOOL } from "./local-shell.ts";
import type { ForeignMembers } from "./member-lists.ts";
import { namespacePrefix } from "./tool-names.ts";

/** Tools that the provider runs and that an agent with tools of its own can do without. */
const OPTIONAL_TOOLS = new Set(["web_search", "web_search_preview", "image_generation"]);

/**
 * Members of tools that are read, in chat's nested form as well; the others say when a tool is loaded, which here all are
 * at once, or how its result is checked.
 */
const READ: ReadonlySet<string> = new Set([
  ...["type", "name", "description", "parameters", "strict", "format", "function", "custom"],
]);
/** Its description has no place elsewhere. */
const READ_OF_NAMESPACE: ReadonlySet<string> = new Set(["type", "name", "tools"]);
const READ_OF_SHELL: ReadonlySet<string> = new Set(["type"]);

export interface ToolList {
  readonly tools: readonly Tool[];
  /** The name in the form of a call's tool: one in a namespace is known by both names together. */
  nameOf(name: string, namespace: unknown): string;
}

/** The name in the form of a tool in a namespace. A function loaded by a search comes in a namespace of its own name. */
export const flatName = (name: string, namespace: unknown): string =>
  typeof namespace === "string" && namespace !== "" && namespace !== name
    ? `${namespacePrefix(namespace)}${name}`
    : name;

interface ListedTools {
  readonly path: string;
  readonly tools: unknown;
}

/** Tools of a request: its own, and those that items of its history add to them. */
export function readTools(body: JsonObject, foreign: ForeignMembers): ToolList {
  const lists: ListedTools[] = [{ path: "tools", tools: body["tools"] }, ...toolsOfItems(body["input"])];
  const tools = new Map<string, Tool>();
  const serverTools: { readonly path: string; readonly type: unknown }[] = [];
  for (const list of lists) {
    for (const [index, value] of listOf(list.tools).entries()) {
      const path = `${list.path}[${index}]`;
      const tool = objectOf(value) ?? {};
      const read = readTool(tool, path, foreign);
      if (!read) serverTools.push({ path: `${path}.type`, type: tool["type"] });
      for (const one of read ?? []) {
        if (tools.has(one.name) && list.path === "tools") foreign.essential(`${path}.name`);
        else if (!tools.has(one.name)) tools.set(one.name, one);
      }
    }
  }
  for (const { path, type } of serverTools) {
    if (type === "tool_search" || (tools.size > 0 && OPTIONAL_TOOLS.has(String(type)))) foreign.harmless(path);
    else foreign.essential(path);
  }
  return {
    tools: [...tools.values()],
    nameOf: (name, namespace) => {
      const flat = flatName(name, namespace);
      return tools.has(flat) || !tools.has(name) ? flat : name;
    },
  };
}

/** Items that bring tools along: `additional_tools`, and what a search for tools has found. */
function toolsOfItems(input: unknown): ListedTools[] {
  return listOf(input).flatMap((item, index) => {
    const { type, tools } = objectOf(item) ?? {};
    return type === "additional_tools" || type === "tool_search_output"
      ? [{ path: `input[${index}].tools`, tools }]
      : [];
  });
}

/** @returns undefined for a tool that the provider runs */
function readTool(tool: JsonObject, path: string, foreign: ForeignMembers): readonly Tool[] | undefined {
  switch (tool["type"]) {
    case "function":
    case "custom":
      tellUnread(tool, path, READ, foreign);
      return [readOwnTool(tool, undefined)];
    case "local_shell":
      tellUnread(tool, path, READ_OF_SHELL, foreign);
      return [LOCAL_SHELL_TOOL];
    case "namespace":
      return readNamespace(tool, path, foreign);
    default:
      return undefined;
  }
}

function tellUnread(tool: JsonObject, path: string, read: ReadonlySet<string>, foreign: ForeignMembers): void {
  for (const unread of unreadMembers(tool, path, read)) {
    // What an item of the history brings has been loaded by it.
    if (!(path.startsWith("input") && unread === `${path}.defer_loading`)) foreign.harmless(unread);
  }
}

function readNamespace(tool: JsonObject, path: string, foreign: ForeignMembers): readonly Tool[] {
  const name = textOf(tool["name"]) ?? "";
  const description = textOf(tool["description"]);
  tellUnread(tool, path, READ_OF_NAMESPACE, foreign);
  return listOf(tool["tools"]).flatMap((value, index) => {
    const inner = objectOf(value) ?? {};
    if (inner["type"] === "function" || inner["type"] === "custom") {
      tellUnread(inner, `${path}.tools[${index}]`, READ, foreign);
      return [readOwnTool(inner, { kind: "namespace", name, description })];
    }
    foreign.essential(`${path}.tools[${index}].type`);
    return [];
  });
}

function readOwnTool(tool: JsonObject, native: NativeTool | undefined): Tool {
  // Chat's nested form is understood too.
  const spec = objectOf(tool[String(tool["type"])]) ?? tool;
  const ownName = textOf(spec["name"]) ?? "";
  const shared = {
    name: native?.kind === "namespace" ? `${namespacePrefix(native.name)}${ownName}` : ownName,
    description: textOf(spec["description"]),
    ...(native ? { native } : {}),
  };
  return tool["type"] === "custom"
    ? { kind: "custom", ...shared, format: objectOf(spec["format"]) }
    : {
        kind: "function",
        ...shared,
        parameters: objectOf(spec["parameters"]),
        strict: booleanOf(spec["strict"]),
        cache: undefined,
      };
}

const MODES = ["auto", "none", "required"] as const;

export function readToolChoice(value: unknown, list: ToolList, foreign: ForeignMembers): ToolChoice | undefined {
  if (!isSet(value)) return undefined;
  const kind = MODES.find((mode) => mode === value);
  if (kind) return { kind };
  const choice = objectOf(value) ?? {};
  const name = nameOfChoice(choice, list);
  if (name !== undefined) return { kind: "named", name };
  if (choice["type"] === "allowed_tools") return readAllowed(choice, list, foreign);
  foreign.essential("tool_choice");
  return undefined;
}

function nameOfChoice(choice: JsonObject, list: ToolList): string | undefined {
  if (choice["type"] === "local_shell") return LOCAL_SHELL;
  if (choice["type"] !== "function" && choice["type"] !== "custom") return undefined;
  const name = textOf(choice["name"]) ?? textOf(objectOf(choice[choice["type"]])?.["name"]);
  return name === undefined ? undefined : list.nameOf(name, choice["namespace"]);
}

/** Tools of the provider among them are not there to be chosen. */
function readAllowed(choice: JsonObject, list: ToolList, foreign: ForeignMembers): ToolChoice {
  const names = listOf(choice["tools"]).flatMap((value) => {
    const allowed = objectOf(value) ?? {};
    if (allowed["type"] !== "namespace") return nameOfChoice(allowed, list) ?? [];
    return list.tools.flatMap(({ name, native }) =>
      native?.kind === "namespace" && native.name === allowed["name"] ? [name] : [],
    );
  });
  if (names.length === 0) foreign.essential("tool_choice.tools");
  return { kind: "allowed", mode: choice["mode"] === "required" ? "required" : "auto", names };
}
