import type { SharedConnections } from "./mcp/shared-connections.ts";
import type { Tools, ToolsDependencies, ToolServersParts, ToolsOptions } from "./open-tools.ts";

/** Makes what answers requests with the tools of the MCP servers; connects to nothing yet. */
export type OpenToolsOf = (options: ToolsOptions, dependencies: Pick<ToolsDependencies, "relay" | "fetch">) => Tools;

/** Tools of MCP servers, for whoever may want none: their code, 60 modules, is loaded with the first that are opened. */
export interface LazyTools {
  load(): Promise<OpenToolsOf>;
}

/** What all tool registries share, as they share their connections. */
export interface LazyToolsParts extends ToolServersParts, Pick<ToolsDependencies, "onStatus"> {}

export function createLazyTools({ onStatus, ...parts }: LazyToolsParts): LazyTools {
  let connections: SharedConnections | undefined;
  return {
    async load() {
      const { openTools, openToolServers } = await import("./open-tools.ts");
      const shared = (connections ??= openToolServers(parts));
      const common = { onStatus, timers: parts.timers, connections: shared };
      return (options, dependencies) => openTools(options, { ...dependencies, ...common });
    },
  };
}
