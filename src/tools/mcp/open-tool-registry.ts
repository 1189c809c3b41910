import type { McpServer } from "../../config/load-mcp-servers.ts";
import type { Settings } from "../../config/settings-table.ts";
import { redactionOf } from "../../core/redact/redact.ts";
import { openServerConnection } from "./server-connection.ts";
import type { McpError } from "./errors.ts";
import type { OpenSession, SessionOptions } from "./session.ts";
import { createToolRegistry, type ServerState, type ToolRegistry } from "./tool-registry.ts";
import { createToolFilter } from "./tool-names.ts";

/** The tool box of the process, with the connections behind it. */
export interface OpenToolRegistry extends ToolRegistry {
  /** Begins to connect to all servers, side by side and in the background. */
  start(): void;
  /** Ends all sessions, within two seconds or so. Never throws. */
  close(): Promise<void>;
}

export interface ToolRegistryDependencies extends Pick<SessionOptions, "client" | "fetch" | "timers" | "memory"> {
  /** Told when a server comes or goes, and not when it only stays as it is. */
  readonly onStatus: (server: ServerState, problem: McpError | undefined) => void;
  /** Told which tools of a server are left out or cut, and why, whenever these are other ones than before. */
  readonly onToolFaults?: (server: string, faults: readonly string[]) => void;
  readonly openSession?: OpenSession;
}

// The protocol's library is large; a gateway without MCP shall not have it in memory.
const loadAndOpen: OpenSession = async (options) => (await import("./open-session.ts")).openSession(options);

/** Builds the connections to the servers; starts nothing. */
export function openToolRegistry(
  settings: Settings,
  servers: readonly McpServer[],
  dependencies: ToolRegistryDependencies,
): OpenToolRegistry {
  const { onStatus, onToolFaults = () => {}, openSession = loadAndOpen, ...shared } = dependencies;
  const jsonLimits = { depth: settings.SERVER_MAX_JSON_DEPTH, values: settings.SERVER_MAX_JSON_VALUES };
  const connections = servers.map((server) => {
    let told: unknown = "connecting";
    return openServerConnection(server, {
      ...shared,
      jsonLimits,
      openSession,
      limits: {
        callMs: settings.MCP_REQUEST_TIMEOUT,
        connectMs: settings.MCP_CLIENT_TIMEOUT,
        reconnectMs: settings.MCP_RECONNECT_INTERVAL,
        pollMs: settings.MCP_POLLING_INTERVAL,
      },
      onToolFaults: (faults) => onToolFaults(server.name, faults.map(redactionOf(server, server.token))),
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
    isAllowed: createToolFilter(settings.MCP_INCLUDE_TOOLS, settings.MCP_EXCLUDE_TOOLS),
    mode: settings.MCP_TOOL_MODE,
    maxResultBytes: settings.MCP_MAX_RESULT_BYTES,
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
