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
  /** How long a stream may be silent while tools run before its client is sent a comment, in milliseconds. */
  readonly keepAliveMs: number | undefined;
}

/** The tools of the MCP servers, and what answers chat completions with them. */
export interface Tools {
  readonly registry: OpenToolRegistry;
  readonly loop: Stage;
}

/** Load balancers cut connections that are silent for half a minute or more. */
const KEEP_ALIVE_MS = 15_000;

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
  const { relay, keepAliveMs, timers, ...rest } = dependencies;
  const registry = openToolRegistry(options, rest);
  const loop = createToolLoop({
    ...relay,
    toolRegistry: registry,
    maxFurtherSteps: options.maxFurtherSteps,
    maxConversationBytes: options.maxConversationBytes,
    keepAlive: { timers, intervalMs: keepAliveMs ?? KEEP_ALIVE_MS },
  });
  return { registry, loop };
}
