import { isJsonObject, type JsonObject } from "../../core/json/parse.ts";
import type { ToolRegistry, ToolSet } from "../mcp/tool-registry.ts";
import type { ToolDefinition } from "../mcp/tool-definitions.ts";
import type { ToolCall } from "./tool-call.ts";

/** What the gateway's tools mean for one chat completion. */
export interface ToolPlan {
  readonly offer: ToolSet;
  /** The functions that join the client's tools. */
  readonly definitions: readonly ToolDefinition[];
  /**
   * Whether the gateway answers a call rather than the client: those of its own tools, and those of functions that
   * nobody has, which get an error.
   */
  isOurs(call: Pick<ToolCall, "name" | "isFunction">): boolean;
  /**
   * The `tool_choice` with which the model is asked after tools of the gateway were run; undefined leaves the client's.
   * @param isLast the model will not be asked again
   */
  laterChoice(isLast: boolean): unknown;
}

/**
 * Plans the gateway's tools for a request.
 * @param provider the id of the provider that is asked
 * @returns undefined if the request has no use for them: there are none, or it says `tool_choice: "none"`; it asks for
 * several answers, whose conversations would part; or it speaks the older `functions`, beside which there are no
 * `tools`.
 */
export function planTools(request: JsonObject, toolRegistry: ToolRegistry, provider: string): ToolPlan | undefined {
  const { tool_choice: choice, n, functions } = request;
  if (choice === "none" || (typeof n === "number" && n > 1)) return undefined;
  if (Array.isArray(functions) && functions.length > 0) return undefined;
  const tools = Array.isArray(request["tools"]) ? request["tools"] : [];
  const clientNames = new Set(tools.flatMap(namesOf));
  // A plan lasts as long as its conversation, and must not keep the request's parsed tools that long.
  const hasOwnTools = tools.length > 0;
  const offer = toolRegistry.offer(clientNames);
  const definitions = offer.definitions(provider);
  if (definitions.length === 0) return undefined;

  return {
    offer,
    definitions,
    isOurs: ({ name, isFunction }) => isFunction && !clientNames.has(name),
    laterChoice(isLast) {
      // A model that cannot use its tools any more says what it has found out, which is worth more than one more call.
      if (!hasOwnTools && isLast) return "none";
      return relaxedChoice(choice, hasOwnTools, (name) => !clientNames.has(name) && offer.owns(name));
    },
  };
}

/**
 * A choice that forces calls would never end once the gateway answers them: it is satisfied by the first. Only
 * if the client has tools of its own is a call of one of them still owed to it, which ends the loop.
 */
function relaxedChoice(choice: unknown, hasOwnTools: boolean, isOurs: (name: string) => boolean): unknown {
  if (isJsonObject(choice)) {
    const forced = namesOf(choice);
    if (forced.length > 0) return forced.some(isOurs) ? "auto" : undefined;
    const allowed = choice["allowed_tools"];
    if (hasOwnTools || !isJsonObject(allowed) || allowed["mode"] !== "required") return undefined;
    return { ...choice, allowed_tools: { ...allowed, mode: "auto" } };
  }
  // Mistral says `any` where others say `required`.
  return !hasOwnTools && (choice === "required" || choice === "any") ? "auto" : undefined;
}

/** The name of a tool, or of the tool that a `tool_choice` forces, wherever its kind has it. */
function namesOf(tool: unknown): string[] {
  if (!isJsonObject(tool)) return [];
  const holders = [tool, tool["function"], tool["custom"]].filter(isJsonObject);
  return holders.flatMap(({ name }) => (typeof name === "string" ? [name] : []));
}
