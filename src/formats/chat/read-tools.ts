import { isJsonObject, type JsonObject } from "../../core/json/parse.ts";
import type { Tool, ToolChoice } from "../form/conversation.ts";
import { asBoolean, asFilled, asList, asObject, asText } from "./narrow.ts";
import { type Foreign, readCacheMark } from "./read-content.ts";

/** Reads `tools`, and `functions`, their older form. Tools of other kinds have no common meaning. */
export function readTools(body: JsonObject, foreign: Foreign): readonly Tool[] {
  const tools = asList(body["tools"]).flatMap((tool, index) => readTool(tool, `tools[${index}]`, foreign));
  const functions = asList(body["functions"]).flatMap((described) =>
    isJsonObject(described) ? [readFunction(described, {})] : [],
  );
  return [...tools, ...functions];
}

function readTool(tool: unknown, path: string, foreign: Foreign): readonly Tool[] {
  const members = asObject(tool);
  const described = asObject(members?.["function"]);
  if (members && described) return [readFunction(described, members)];
  const custom = asObject(members?.["custom"]);
  if (members?.["type"] === "custom" && custom) {
    const format = asObject(custom["format"]);
    return [
      {
        kind: "custom",
        name: asText(custom["name"]) ?? "",
        description: asText(custom["description"]),
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
    name: asText(described["name"]) ?? "",
    description: asText(described["description"]),
    parameters: asObject(described["parameters"]),
    strict: asBoolean(described["strict"]) ?? asBoolean(tool["strict"]),
    cache: readCacheMark(tool) ?? readCacheMark(described),
  };
}

/** Chat nests what Responses has flat: `{type: "grammar", grammar: {syntax, definition}}`. The form has it flat. */
function flattenGrammar(format: JsonObject): JsonObject {
  const grammar = asObject(format["grammar"]);
  return grammar ? { type: "grammar", ...grammar } : format;
}

/** Reads `tool_choice`, and `function_call`, its older form. Mistral says `any` for `required`. */
export function readToolChoice(body: JsonObject, foreign: Foreign): ToolChoice | undefined {
  const choice = body["tool_choice"] ?? body["function_call"] ?? undefined;
  const word = asText(choice) ?? asText(asObject(choice)?.["type"]);
  if (word === "auto" || word === "none" || word === "required") return { kind: word };
  if (word === "any") return { kind: "required" };
  const members = asObject(choice);
  const allowed = asObject(members?.["allowed_tools"]);
  if (allowed) {
    const names = asList(allowed["tools"]).flatMap((tool) => nameOf(asObject(tool)) ?? []);
    return { kind: "allowed", mode: allowed["mode"] === "required" ? "required" : "auto", names };
  }
  const name = nameOf(members);
  if (name !== undefined) return { kind: "named", name };
  if (choice !== undefined) foreign.push({ path: "tool_choice", isEssential: true });
  return undefined;
}

function nameOf(members: JsonObject | undefined): string | undefined {
  const named = asObject(members?.["function"]) ?? asObject(members?.["custom"]) ?? members;
  return asFilled(named?.["name"]);
}
