import type { RelayParts } from "../pipeline/relay.ts";
import type { Stage } from "../pipeline/stage.ts";
import { createToolLoop, type ToolLoopParts } from "./loop/loop.ts";
import {
  type OpenToolRegistry,
  openToolRegistry,
  type ToolRegistryDependencies,
  type ToolRegistryOptions,
} from "./mcp/open-tool-registry.ts";
import {
  createSharedConnections,
  type SharedConnections,
  type SharedConnectionsParts,
} from "./mcp/shared-connections.ts";

export interface ToolsOptions
  extends ToolRegistryOptions, Pick<ToolLoopParts, "maxFurtherSteps" | "maxConversationBytes"> {}

export interface ToolsDependencies extends ToolRegistryDependencies, Pick<SharedConnectionsParts, "timers"> {
  /** What the loop shares with the pipeline. */
  readonly relay: RelayParts;
}

/** The tools of the MCP servers, and what answers requests with them. */
export interface Tools {
  readonly registry: OpenToolRegistry;
  readonly loop: Stage;
}

export interface ToolServersParts extends Omit<SharedConnectionsParts, "client"> {
  /** Of the gateway, sent to the servers. */
  readonly version: string;
}

/** What all tool registries take their connections from. */
export function openToolServers({ version, ...parts }: ToolServersParts): SharedConnections {
  return createSharedConnections({ ...parts, client: { name: "inference-gateway", version } });
}

/** Connects to nothing yet. */
export function openTools(options: ToolsOptions, dependencies: ToolsDependencies): Tools {
  const { relay, timers, ...rest } = dependencies;
  const registry = openToolRegistry(options, rest);
  const loop = createToolLoop({
    ...relay,
    toolRegistry: registry,
    maxFurtherSteps: options.maxFurtherSteps,
    maxConversationBytes: options.maxConversationBytes,
    timers,
  });
  return { registry, loop };
}
