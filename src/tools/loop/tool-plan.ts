import { isJsonObject, type JsonObject } from "../../core/json/parse.ts";
import type { ToolRegistry, ToolSet } from "../mcp/tool-registry.ts";
import type { ToolDefinition } from "../mcp/tool-definitions.ts";
import type { ToolCall } from "./tool-call.ts";

/** What the gateway's tools mean for one request. `Choice` is how its API, or the form, says which tools to use. */
export interface ToolPlan<Choice = unknown> {
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
  laterChoice(isLast: boolean): Choice | undefined;
}

/** What a request says of tools. */
export interface AskedTools<Choice> {
  readonly clientNames: ReadonlySet<string>;
  /** It brings tools of its own. */
  readonly hasOwnTools: boolean;
  /** No tool is to be called. */
  readonly none: Choice;
  /**
   * What the client's choice becomes once tools of the gateway were run. One that forces calls would never end once the
   * gateway answers them: it is satisfied by the first. Only if the client has tools of its own is a call of one of them
   * still owed to it, which ends the loop.
   */
  relax(isOurs: (name: string) => boolean): Choice | undefined;
}

/**
 * Plans the gateway's tools for what a request says of tools.
 * @param provider the id of the provider that is asked
 * @returns undefined if there are none
 */
export function openPlan<Choice>(
  { clientNames, hasOwnTools, none, relax }: AskedTools<Choice>,
  toolRegistry: ToolRegistry,
  provider: string,
): ToolPlan<Choice> | undefined {
  const offer = toolRegistry.offer(clientNames);
  const definitions = offer.definitions(provider);
  if (definitions.length === 0) return undefined;
  return {
    offer,
    definitions,
    isOurs: ({ name, isFunction }) => isFunction && !clientNames.has(name),
    laterChoice(isLast) {
      // A model that cannot use its tools any more says what it has found out, which is worth more than one more call.
      if (!hasOwnTools && isLast) return none;
      return relax((name) => !clientNames.has(name) && offer.owns(name));
    },
  };
}

/**
 * Plans the gateway's tools for a chat completion.
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
  const relax = (isOurs: (name: string) => boolean): unknown => relaxedChoice(choice, hasOwnTools, isOurs);
  return openPlan({ clientNames, hasOwnTools, none: "none", relax }, toolRegistry, provider);
}

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
