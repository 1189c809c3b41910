import type { RelayParts, ToolLoop } from "../pipeline/relay.ts";
import { createToolLoop, type ToolLoopParts } from "./loop/loop.ts";
import {
  type OpenToolRegistry,
  openToolRegistry,
  type ToolRegistryDependencies,
  type ToolRegistryOptions,
} from "./mcp/open-tool-registry.ts";

export interface ToolsOptions extends ToolRegistryOptions, Pick<ToolLoopParts, "maxRounds" | "maxConversationBytes"> {}

export interface ToolsDependencies extends Pick<
  ToolRegistryDependencies,
  "fetch" | "timers" | "onStatus" | "onToolFaults"
> {
  /** What the loop shares with the pipeline. */
  readonly relay: RelayParts;
  /** Of the gateway, sent to the servers. */
  readonly version: string;
}

/** The tools of the MCP servers, and what answers chat completions with them. */
export interface Tools {
  readonly registry: OpenToolRegistry;
  readonly loop: ToolLoop;
}

/** Connects to nothing yet. */
export function openTools(options: ToolsOptions, dependencies: ToolsDependencies): Tools {
  const { relay, version, ...rest } = dependencies;
  const client = { name: "inference-gateway", version };
  const registry = openToolRegistry(options, { ...rest, client, memory: relay.memory });
  const loop = createToolLoop({
    ...relay,
    toolBox: registry,
    maxRounds: options.maxRounds,
    maxConversationBytes: options.maxConversationBytes,
    timers: dependencies.timers,
  });
  return { registry, loop };
}
