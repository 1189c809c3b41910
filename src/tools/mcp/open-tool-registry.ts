import type { JsonLimits } from "../../core/json/limits.ts";
import type { ConnectionLimits } from "./server-connection.ts";
import type { McpError } from "./errors.ts";
import type { McpServer } from "./session.ts";
import type { ConnectionOptions, ConnectionUser, SharedConnections } from "./shared-connections.ts";
import { createToolRegistry, type ServerState, type ToolRegistry, type ToolRegistryParts } from "./tool-registry.ts";
import { createToolFilter } from "./tool-names.ts";

/** A tool registry, with the connections behind it. */
export interface OpenToolRegistry extends ToolRegistry {
  /** Begins to connect to all servers, side by side and in the background. */
  start(): void;
  /** Ends the sessions that nobody else uses, within about two seconds. Never throws. */
  close(): Promise<void>;
}

/** Which servers there are, and how much of them models get. */
export interface ToolRegistryOptions extends Pick<ToolRegistryParts, "mode" | "reducesFor" | "maxResultBytes"> {
  readonly servers: readonly McpServer[];
  readonly limits: ConnectionLimits;
  /** Of what servers answer. */
  readonly jsonLimits: JsonLimits;
  /** Only these tools exist (tool, mcp_tool or server/tool); `exclude` is then ignored. Empty for all. */
  readonly include: readonly string[];
  /** These tools do not exist. */
  readonly exclude: readonly string[];
}

export interface ToolRegistryDependencies extends Pick<ConnectionOptions, "fetch"> {
  readonly connections: SharedConnections;
  /** Called when a server comes or goes, and not if it only stays as it is. */
  readonly onStatus: (server: ServerState, problem: McpError | undefined) => void;
}

/** Builds the connections to the servers that nobody has yet; starts nothing. */
export function openToolRegistry(
  { servers, limits, jsonLimits, include, exclude, mode, reducesFor, maxResultBytes }: ToolRegistryOptions,
  { connections: shared, fetch, onStatus }: ToolRegistryDependencies,
): OpenToolRegistry {
  // One for all of its connections.
  const user: ConnectionUser = {
    refresh: () => toolRegistry.refresh(),
    report(connection, problem) {
      const state = toolRegistry.servers().find(({ name }) => name === connection.server.name);
      if (state) onStatus(state, problem);
    },
  };
  const reducesSchemas = reducesFor.size > 0;
  const leases = servers.map((server) => shared.lease({ server, limits, jsonLimits, fetch, reducesSchemas }, user));
  const toolRegistry = createToolRegistry({
    connections: leases.map(({ connection }) => connection),
    isAllowed: createToolFilter(include, exclude),
    mode,
    reducesFor,
    maxResultBytes,
  });
  return {
    ...toolRegistry,
    start() {
      for (const { connection } of leases) connection.start();
    },
    async close() {
      await Promise.all(leases.map((lease) => lease.release()));
      toolRegistry.refresh();
    },
  };
}
