import type { Tool } from "../form/conversation.ts";

/** Tools that the client offered as custom ones: a provider without them calls them as functions. */
export function customToolNames(tools: readonly Tool[]): ReadonlySet<string> {
  return new Set(tools.filter(({ kind }) => kind === "custom").map(({ name }) => name));
}
