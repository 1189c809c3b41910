import { parseJson } from "../json/parse-json.ts";
import { buildArguments } from "./build-arguments.ts";
import type { ChatTool } from "./chat-request.ts";
import { chooseTool } from "./choose-tool.ts";
import { composeNoToolAnswer, composeToolAnswer } from "./compose-answer.ts";
import { isJsonObject } from "./json-object.ts";
import type { JsonObject } from "./json-object.ts";
import { findTellingWords } from "./read-words.ts";
import type { ToolStep, Turn } from "./turn.ts";

/** The two functions that stand for all MCP tools in the gateway's selector mode. */
const GET = "mcp_tools_get";
const EXECUTE = "mcp_tools_execute";
const MAX_QUERY_WORDS = 8;

interface ListedTool extends ChatTool {
  readonly hasSchema: boolean;
}

/** Tells whether a function is one of the gateway's two selector functions. */
export function isSelectorTool(name: string): boolean {
  return name === GET || name === EXECUTE;
}

/** Tells whether the gateway's two selector functions are among the tools. */
export function offersSelector(tools: readonly ChatTool[]): boolean {
  return [GET, EXECUTE].every((wanted) => tools.some(({ name }) => name === wanted));
}

/** Begins the search for a tool with the telling words of the message; `undefined` where it has none, as in a greeting. */
export function openSelector(message: string): Turn | undefined {
  const words = findTellingWords(message).slice(0, MAX_QUERY_WORDS);
  return words.length === 0 ? undefined : { kind: "tool_call", name: GET, arguments: { query: words.join(" ") } };
}

/**
 * Takes the next step after the results of this turn: from the list of tools to the best one's schema, from there to running
 * it, from its result to the answer. Gives `undefined` where the last call was none of the selector's.
 */
export function continueSelector(message: string, steps: readonly ToolStep[]): Turn | undefined {
  const last = steps.at(-1);
  if (last === undefined || !isSelectorTool(last.name)) return undefined;
  const asked = parseJson(last.arguments);
  if (last.name === EXECUTE) {
    const name = isJsonObject(asked) && typeof asked["name"] === "string" ? asked["name"] : EXECUTE;
    return { kind: "text", text: composeToolAnswer([{ name, text: last.result }]) };
  }
  const listed = readListedTools(last.result);
  if (listed === undefined) return undefined;
  const names = isJsonObject(asked) ? asked["names"] : undefined;
  const best = Array.isArray(names)
    ? (listed.find(({ name }) => names.includes(name)) ?? listed[0])
    : chooseTool(message, listed);
  if (best === undefined) {
    // The words of the message need not be those of a tool: once, the whole list is looked at.
    const narrowed = isJsonObject(asked) && asked["query"] !== undefined;
    if (narrowed) return { kind: "tool_call", name: GET, arguments: {} };
    return { kind: "text", text: composeNoToolAnswer(message) };
  }
  if (!best.hasSchema && !Array.isArray(names)) {
    return { kind: "tool_call", name: GET, arguments: { names: [best.name] } };
  }
  return {
    kind: "tool_call",
    name: EXECUTE,
    arguments: { name: best.name, arguments: buildArguments(best.parameters, message) },
  };
}

function readListedTools(result: string): readonly ListedTool[] | undefined {
  const parsed = parseJson(result);
  if (!Array.isArray(parsed)) return undefined;
  const tools: ListedTool[] = [];
  for (const item of parsed as readonly unknown[]) {
    if (!isJsonObject(item) || typeof item["name"] !== "string") continue;
    const schema: unknown = item["input_schema"] ?? item["inputSchema"];
    const parameters: JsonObject = isJsonObject(schema) ? schema : {};
    const description = typeof item["description"] === "string" ? item["description"] : "";
    tools.push({ name: item["name"], description, parameters, hasSchema: isJsonObject(schema) });
  }
  return tools;
}
