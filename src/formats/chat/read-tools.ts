import { isJsonObject, type JsonObject } from "../../core/json/parse.ts";
import type { Tool, ToolChoice } from "../form/conversation.ts";
import { booleanOf, filledTextOf, listOf, objectOf, textOf } from "../../core/json/values.ts";
import { unreadHints } from "../form/unread-members.ts";
import { type Foreign, readCacheMark } from "./read-content.ts";

/** Members that are read, of a tool and of what it describes; the others change nothing of what a call means. */
const READ_OF_TOOL: ReadonlySet<string> = new Set([
  ...["type", "function", "custom", "strict", "cache_control", "prompt_cache_breakpoint"],
]);
const READ_OF_FUNCTION: ReadonlySet<string> = new Set([
  ...["name", "description", "parameters", "strict", "cache_control", "prompt_cache_breakpoint"],
]);
const READ_OF_CUSTOM: ReadonlySet<string> = new Set(["name", "description", "format"]);

/** Reads `tools`, and `functions`, their older form. Tools of other kinds have no common meaning. */
export function readTools(body: JsonObject, foreign: Foreign): readonly Tool[] {
  const tools = listOf(body["tools"]).flatMap((tool, index) => readTool(tool, `tools[${index}]`, foreign));
  const functions = listOf(body["functions"]).flatMap((described) =>
    isJsonObject(described) ? [readFunction(described, {})] : [],
  );
  return [...tools, ...functions];
}

function readTool(tool: unknown, path: string, foreign: Foreign): readonly Tool[] {
  const members = objectOf(tool);
  const described = objectOf(members?.["function"]);
  if (members && described) {
    foreign.push(...unreadHints(members, path, READ_OF_TOOL));
    foreign.push(...unreadHints(described, `${path}.function`, READ_OF_FUNCTION));
    return [readFunction(described, members)];
  }
  const custom = objectOf(members?.["custom"]);
  if (members?.["type"] === "custom" && custom) {
    foreign.push(...unreadHints(members, path, READ_OF_TOOL));
    foreign.push(...unreadHints(custom, `${path}.custom`, READ_OF_CUSTOM));
    const format = objectOf(custom["format"]);
    return [
      {
        kind: "custom",
        name: textOf(custom["name"]) ?? "",
        description: textOf(custom["description"]),
        format: format && flattenGrammar(format),
      },
    ];
  }
  foreign.push({ path: members?.["type"] === undefined ? path : `${path}.type`, isEssential: true });
  return [];
}

function readFunction(described: JsonObject, tool: JsonObject): Tool {
  return {
    kind: "function",
    name: textOf(described["name"]) ?? "",
    description: textOf(described["description"]),
    parameters: objectOf(described["parameters"]),
    strict: booleanOf(described["strict"]) ?? booleanOf(tool["strict"]),
    cache: readCacheMark(tool) ?? readCacheMark(described),
  };
}

/** Chat nests what Responses has flat: `{type: "grammar", grammar: {syntax, definition}}`. The form has it flat. */
function flattenGrammar(format: JsonObject): JsonObject {
  const grammar = objectOf(format["grammar"]);
  return grammar ? { type: "grammar", ...grammar } : format;
}

/** Reads `tool_choice`, and `function_call`, its older form. Mistral says `any` for `required`. */
export function readToolChoice(body: JsonObject, foreign: Foreign): ToolChoice | undefined {
  const choice = body["tool_choice"] ?? body["function_call"] ?? undefined;
  const word = textOf(choice) ?? textOf(objectOf(choice)?.["type"]);
  if (word === "auto" || word === "none" || word === "required") return { kind: word };
  if (word === "any") return { kind: "required" };
  const members = objectOf(choice);
  const allowed = objectOf(members?.["allowed_tools"]);
  if (allowed) {
    const names = listOf(allowed["tools"]).flatMap((tool) => nameOf(objectOf(tool)) ?? []);
    return { kind: "allowed", mode: allowed["mode"] === "required" ? "required" : "auto", names };
  }
  const name = nameOf(members);
  if (name !== undefined) return { kind: "named", name };
  if (choice !== undefined) foreign.push({ path: "tool_choice", isEssential: true });
  return undefined;
}

function nameOf(members: JsonObject | undefined): string | undefined {
  const named = objectOf(members?.["function"]) ?? objectOf(members?.["custom"]) ?? members;
  return filledTextOf(named?.["name"]);
}
