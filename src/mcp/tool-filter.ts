import { spellingsOf, type ToolOrigin } from "./tool-names.ts";

/** Whether a tool exists for the gateway's clients. */
export type ToolFilter = (origin: ToolOrigin) => boolean;

/**
 * The filter of `MCP_INCLUDE_TOOLS` and `MCP_EXCLUDE_TOOLS`, whose entries are compared without regard to case. A list
 * of what is included decides alone.
 */
export function createToolFilter(included: readonly string[], excluded: readonly string[]): ToolFilter {
  const decisive = new Set((included.length > 0 ? included : excluded).map((entry) => entry.toLowerCase()));
  if (decisive.size === 0) return () => true;
  return (origin) => spellingsOf(origin).some((spelling) => decisive.has(spelling)) === included.length > 0;
}
