import type { Conversation, Tool, ToolChoice } from "../../../formats/form/conversation.ts";
import type { ToolDefinition } from "../../mcp/tool-definitions.ts";
import type { ToolRegistry } from "../../mcp/tool-registry.ts";
import { openPlan, type ToolPlan } from "../tool-plan.ts";

/**
 * Plans the gateway's tools for a request in the form.
 * @param provider the id of the provider that is asked
 * @returns undefined if the request has no use for them: there are none, it wants none called, or it asks for several
 * answers, whose conversations would part
 */
export function planConversation(
  { tools, toolChoice, limits }: Conversation,
  toolRegistry: ToolRegistry,
  provider: string,
): ToolPlan<ToolChoice> | undefined {
  if (toolChoice?.kind === "none" || (limits.answers ?? 1) > 1) return undefined;
  const clientNames = new Set(tools.map(({ name }) => name));
  const hasOwnTools = tools.length > 0;
  const relax = (isOurs: (name: string) => boolean): ToolChoice | undefined =>
    toolChoice && relaxedChoice(toolChoice, hasOwnTools, isOurs);
  return openPlan<ToolChoice>({ clientNames, hasOwnTools, none: { kind: "none" }, relax }, toolRegistry, provider);
}

function relaxedChoice(
  choice: ToolChoice,
  hasOwnTools: boolean,
  isOurs: (name: string) => boolean,
): ToolChoice | undefined {
  switch (choice.kind) {
    case "named":
      return isOurs(choice.name) ? { kind: "auto" } : undefined;
    case "required":
      return hasOwnTools ? undefined : { kind: "auto" };
    case "allowed":
      return hasOwnTools || choice.mode === "auto" ? undefined : { ...choice, mode: "auto" };
    default:
      return undefined;
  }
}

/** The gateway's functions as tools of the form. */
export const toolsOf = (definitions: readonly ToolDefinition[]): readonly Tool[] =>
  definitions.map(({ function: { name, description, parameters } }) => ({
    kind: "function",
    name,
    description,
    parameters,
    strict: undefined,
    cache: undefined,
  }));
