import type { JsonLimits } from "../../core/json/limits.ts";
import { type ConnectionLimits, openServerConnection } from "./server-connection.ts";
import type { McpError } from "./errors.ts";
import type { McpServer, OpenSession, SessionOptions } from "./session.ts";
import { createToolRegistry, type ServerState, type ToolRegistry, type ToolRegistryParts } from "./tool-registry.ts";
import { createToolFilter } from "./tool-names.ts";

/** The tool registry of the process, with the connections behind it. */
export interface OpenToolRegistry extends ToolRegistry {
  /** Begins to connect to all servers, side by side and in the background. */
  start(): void;
  /** Ends all sessions, within about two seconds. Never throws. */
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

export interface ToolRegistryDependencies extends Pick<SessionOptions, "client" | "fetch" | "timers" | "memory"> {
  /** Called when a server comes or goes, and not if it only stays as it is. */
  readonly onStatus: (server: ServerState, problem: McpError | undefined) => void;
  /** Called with the tools of a server that are left out or cut, and why, whenever these are other ones than before. */
  readonly onToolFaults?: (server: string, faults: readonly string[]) => void;
  readonly openSession?: OpenSession;
}

// The protocol's library is large; a gateway without MCP must not have it in memory.
const loadAndOpen: OpenSession = async (options) => (await import("./open-session.ts")).openSession(options);

/** Builds the connections to the servers; starts nothing. */
export function openToolRegistry(
  { servers, limits, jsonLimits, include, exclude, mode, reducesFor, maxResultBytes }: ToolRegistryOptions,
  dependencies: ToolRegistryDependencies,
): OpenToolRegistry {
  const { onStatus, onToolFaults = () => {}, openSession = loadAndOpen, ...shared } = dependencies;
  const connections = servers.map((server) => {
    let told: unknown = "connecting";
    return openServerConnection(server, {
      ...shared,
      jsonLimits,
      reducesSchemas: reducesFor.size > 0,
      openSession,
      limits,
      onToolFaults: (faults) => onToolFaults(server.name, faults),
      onChange(connection, problem) {
        toolRegistry.refresh();
        if (connection.status() === told) return;
        told = connection.status();
        const state = toolRegistry.servers().find(({ name }) => name === server.name);
        if (state) onStatus(state, problem);
      },
    });
  });
  const toolRegistry = createToolRegistry({
    connections,
    isAllowed: createToolFilter(include, exclude),
    mode,
    reducesFor,
    maxResultBytes,
  });
  return {
    ...toolRegistry,
    start() {
      for (const connection of connections) connection.start();
    },
    async close() {
      await Promise.all(connections.map((connection) => connection.close()));
      toolRegistry.refresh();
    },
  };
}
