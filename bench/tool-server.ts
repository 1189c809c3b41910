import { createMcpHandler, Server } from "@modelcontextprotocol/server";

/** An MCP server whose tools are offered and never called. */
export interface ToolServer {
  readonly url: string;
  stop(): void;
}

const TOOLS = ["get-weather", "search-notes", "list-tickets"].map((name) => ({
  name,
  description: `Answers questions about ${name.slice(name.indexOf("-") + 1)}.`,
  inputSchema: { type: "object" as const, properties: { query: { type: "string" } }, required: ["query"] },
}));

/** Starts the server on a free port of 127.0.0.1. */
export function startToolServer(): ToolServer {
  const handler = createMcpHandler(() => {
    const server = new Server({ name: "bench", version: "1" }, { capabilities: { tools: {} } });
    server.setRequestHandler("tools/list", () => ({ tools: TOOLS }));
    return server;
  });
  const listener = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    development: false,
    fetch: (request) => handler.fetch(request),
  });
  return { url: `http://127.0.0.1:${listener.port}/mcp`, stop: () => void listener.stop(true) };
}
