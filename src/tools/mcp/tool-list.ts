import type { JsonObject } from "../../core/json/parse.ts";
import type { RemoteTool } from "./session.ts";
import type { ServerConnection } from "./server-connection.ts";
import { type ToolFilter, type ToolOrigin, chooseName, PREFIX } from "./tool-names.ts";

/** A tool as models and clients see it. */
export interface ToolDescription {
  /** Matches `^[a-zA-Z0-9_-]{1,64}$`; no other tool of the same listing has it. */
  readonly name: string;
  readonly description: string;
  /** URL of the server, without a query. */
  readonly server: string;
  /** As the server sent it. */
  readonly inputSchema: JsonObject;
  /** What is left of it for providers that refuse most of JSON Schema; only if there is such a provider. */
  readonly reducedSchema?: JsonObject;
}

/** The tools of all servers, by name. */
export interface ToolList {
  /** Those that can be called now. */
  readonly tools: ReadonlyMap<string, ListedTool>;
  /**
   * The names of the tools that a model may mean by what it wrote: the name itself, or, if no tool has it, the name
   * without `mcp_`, or what the server calls the tool, alone or behind the server's name (`server/tool`). Tools of
   * servers that are away count too, so that what a name means does not change with them. What means none stays as it is.
   */
  named(written: string): readonly string[];
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
 * that those of the others stay the same when it comes and goes.
 * @param reserved names that the client has given to tools of its own
 */
export function listTools(
  connections: readonly ServerConnection[],
  isAllowed: ToolFilter,
  reserved: ReadonlySet<string>,
): ToolList {
  const foreign = new Set<string>([...reserved, ...Object.values(SELECTOR_NAMES)]);
  const origins = new Map<string, ToolOrigin>();
  const tools = new Map<string, ListedTool>();
  for (const connection of connections) {
    const { server } = connection;
    const connected = connection.status() === "connected";
    for (const remote of connection.tools()) {
      const origin = { server: server.name, tool: remote.name };
      if (!isAllowed(origin)) continue;
      const name = chooseName(origin, (candidate) => foreign.has(candidate) || origins.has(candidate));
      origins.set(name, origin);
      if (connected) tools.set(name, { description: describe(name, server.shownUrl, remote), connection, remote });
    }
  }
  return {
    tools,
    named(written) {
      // What the client and the selector call so is no other tool.
      const isForeign = written.startsWith(PREFIX) && foreign.has(written);
      if (isForeign || origins.has(written)) return [written];
      if (origins.has(PREFIX + written)) return [PREFIX + written];
      const meant = [...origins].flatMap(([name, origin]) => (mayMean(written, origin) ? [name] : []));
      return meant.length > 0 ? meant : [written];
    },
  };
}

function describe(name: string, server: string, { description, inputSchema, reducedSchema }: RemoteTool) {
  return { name, description, server, inputSchema, ...(reducedSchema && { reducedSchema }) };
}

function mayMean(written: string, { server, tool }: ToolOrigin): boolean {
  const own = written.startsWith(PREFIX) ? written.slice(PREFIX.length) : written;
  return [written, own].some((name) => name === tool || name === `${server}/${tool}` || name === `${server}_${tool}`);
}
