import type { Conversation, Tool } from "./conversation.ts";

/** A tool that may be called, and its place in the request. */
export interface OfferedTool {
  readonly tool: Tool;
  readonly index: number;
}

/** The tools that a choice among some of them leaves, for wires that cannot say such a choice; all without one. */
export function offeredTools({
  tools,
  toolChoice,
}: Pick<Conversation, "tools" | "toolChoice">): readonly OfferedTool[] {
  const names = toolChoice?.kind === "allowed" ? new Set(toolChoice.names) : undefined;
  return tools.flatMap((tool, index) => (names?.has(tool.name) === false ? [] : [{ tool, index }]));
}
