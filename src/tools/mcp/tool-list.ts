import type { JsonObject } from "../../core/json/parse.ts";
import type { RemoteTool } from "./session.ts";
import type { ServerConnection } from "./server-connection.ts";
import { type ToolFilter, chooseName } from "./tool-names.ts";

/** A tool as models and clients see it. */
export interface ToolDescription {
  /** Matches `^[a-zA-Z0-9_-]{1,64}$`; no other tool of the same listing has it. */
  readonly name: string;
  readonly description: string;
  /** URL of the server, without a query. */
  readonly server: string;
  /** As the server sent it. */
  readonly inputSchema: JsonObject;
}

/** A tool and its connection, which holds the server's token and stays internal. */
export interface ListedTool {
  readonly description: ToolDescription;
  readonly connection: ServerConnection;
  readonly remote: RemoteTool;
}

/** The functions of the selector mode; no tool is ever called so. */
export const SELECTOR_NAMES = { get: "mcp_tools_get", execute: "mcp_tools_execute" } as const;

/**
 * Names the tools of all servers, in the order of the servers. A server that is away keeps the names of its tools, so
 * that those of the others stay the same when it comes and goes; it is left out of the result.
 * @param reserved names that the client has given to tools of its own
 */
export function listTools(
  connections: readonly ServerConnection[],
  isAllowed: ToolFilter,
  reserved: ReadonlySet<string>,
): ReadonlyMap<string, ListedTool> {
  const taken = new Set<string>([...reserved, ...Object.values(SELECTOR_NAMES)]);
  const listed = new Map<string, ListedTool>();
  for (const connection of connections) {
    const { server } = connection;
    const connected = connection.status() === "connected";
    for (const remote of connection.tools()) {
      const origin = { server: server.name, tool: remote.name };
      if (!isAllowed(origin)) continue;
      const name = chooseName(origin, (candidate) => taken.has(candidate));
      taken.add(name);
      if (!connected) continue;
      const { description, inputSchema } = remote;
      listed.set(name, {
        description: { name, description, server: server.shownUrl, inputSchema },
        connection,
        remote,
      });
    }
  }
  return listed;
}
