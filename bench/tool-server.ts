import { createMcpHandler, Server } from "@modelcontextprotocol/server";

/** Two MCP servers at one address: neither is ever called. */
export interface ToolServer {
  /** Offers three tools. */
  readonly url: string;
  /** Offers none. */
  readonly emptyUrl: string;
  stop(): void;
}

const TOOLS = ["get-weather", "search-notes", "list-tickets"].map((name) => ({
  name,
  description: `Answers questions about ${name.slice(name.indexOf("-") + 1)}.`,
  inputSchema: { type: "object" as const, properties: { query: { type: "string" } }, required: ["query"] },
}));

/** Starts the servers on a free port of 127.0.0.1. */
export function startToolServer(): ToolServer {
  const handlerOf = (tools: typeof TOOLS) =>
    createMcpHandler(() => {
      const server = new Server({ name: "bench", version: "1" }, { capabilities: { tools: {} } });
      server.setRequestHandler("tools/list", () => ({ tools }));
      return server;
    });
  const full = handlerOf(TOOLS);
  const empty = handlerOf([]);
  const listener = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    development: false,
    fetch: (request) => (request.url.endsWith("/empty") ? empty : full).fetch(request),
  });
  const origin = `http://127.0.0.1:${listener.port}`;
  return { url: `${origin}/mcp`, emptyUrl: `${origin}/empty`, stop: () => void listener.stop(true) };
}
