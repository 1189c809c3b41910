import { randomUUID } from "node:crypto";
import {
  type JSONRPCMessage,
  Server,
  type Transport,
  WebStandardStreamableHTTPServerTransport,
} from "@modelcontextprotocol/server";
import type { JsonObject } from "../../../src/core/json/parse.ts";

/** A tool of a test's server. */
export interface TestTool {
  readonly name: string;
  readonly description?: string;
  readonly inputSchema?: JsonObject;
  /** Its result; without it, a text with its arguments. */
  readonly run?: (args: JsonObject, signal: AbortSignal) => JsonObject | Promise<JsonObject>;
}

export interface McpTestOptions {
  readonly tools?: readonly TestTool[];
  /** Tools on each page of the list; all on one without it. */
  readonly pageSize?: number;
  /** The bearer token without which nothing is answered. */
  readonly token?: string;
  readonly transport?: "http" | "sse";
  readonly port?: number;
  /** Answers a request before the server sees it. */
  readonly intercept?: (request: Request) => Response | undefined | Promise<Response | undefined>;
}

/** An MCP server of a test's own, of the protocol with sessions, on 127.0.0.1. */
export interface McpTestServer extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  /** What is listed from now on; sessions are told by `announce`. */
  tools: readonly TestTool[];
  /** How many sessions it knows. */
  readonly sessions: number;
  /** Method and RPC method of every request, in order: `POST initialize`, `DELETE`. */
  readonly requests: readonly string[];
  /** Sends `list_changed` to every session. */
  announce(): Promise<void>;
  /** Forgets its sessions, as after a restart. */
  forget(): void;
  /** Ends at once, connections included. */
  stop(): Promise<void>;
}

interface Session {
  readonly server: Server;
  readonly handle: (request: Request) => Promise<Response>;
}

const ANY = { type: "object" };

export async function startMcpServer(options: McpTestOptions = {}): Promise<McpTestServer> {
  const sessions = new Map<string, Session>();
  const requests: string[] = [];
  let tools = options.tools ?? [{ name: "echo" }];

  const createServer = (): Server => {
    const server = new Server({ name: "test", version: "1" }, { capabilities: { tools: { listChanged: true } } });
    server.setRequestHandler("tools/list", ({ params }) => {
      const size = options.pageSize ?? (tools.length || 1);
      const start = Number(params?.cursor ?? 0);
      const page = tools.slice(start, start + size);
      const next = start + size < tools.length ? { nextCursor: String(start + size) } : {};
      const listed = page.map(({ name, description, inputSchema }) => ({
        name,
        ...(description !== undefined && { description }),
        inputSchema: (inputSchema ?? ANY) as { type: "object" },
      }));
      return { tools: listed, ...next };
    });
    server.setRequestHandler("tools/call", async ({ params }, context) => {
      const tool = tools.find(({ name }) => name === params.name);
      if (!tool) throw new Error(`no tool ${params.name}`);
      const args = params.arguments ?? {};
      const result = tool.run ? await tool.run(args, context.mcpReq.signal) : text(JSON.stringify(args));
      return result as { content: [] };
    });
    return server;
  };

  const openHttp = async (request: Request): Promise<Response> => {
    const id = request.headers.get("mcp-session-id");
    const known = sessions.get(id ?? "");
    if (known) return known.handle(request);
    if (id !== null) return Response.json({ error: "Session not found" }, { status: 404 });
    const server = createServer();
    const transport = new WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (sessionId) =>
        void sessions.set(sessionId, { server, handle: transport.handleRequest.bind(transport) }),
      onsessionclosed: (sessionId) => void sessions.delete(sessionId),
    });
    await server.connect(transport);
    return transport.handleRequest(request);
  };

  const openSse = async (request: Request): Promise<Response> => {
    const { pathname, searchParams } = new URL(request.url);
    if (request.method === "GET" && pathname === "/sse") {
      const id = randomUUID();
      const server = createServer();
      const sse = createSseTransport(`/messages?id=${id}`);
      sessions.set(id, { server, handle: sse.take });
      request.signal.addEventListener("abort", () => sessions.delete(id));
      await server.connect(sse.transport);
      return sse.response;
    }
    const session = sessions.get(searchParams.get("id") ?? "");
    if (request.method === "POST" && pathname === "/messages" && session) return session.handle(request);
    return new Response("not found", { status: 404 });
  };

  const isSse = options.transport === "sse";
  const listener = Bun.serve({
    hostname: "127.0.0.1",
    port: options.port ?? 0,
    idleTimeout: 0,
    development: false,
    async fetch(request) {
      const body: unknown =
        request.method === "POST"
          ? await request
              .clone()
              .json()
              .catch(() => undefined)
          : undefined;
      const method = typeof body === "object" && body !== null && "method" in body ? ` ${String(body.method)}` : "";
      requests.push(request.method + method);
      if (options.token !== undefined && request.headers.get("authorization") !== `Bearer ${options.token}`) {
        return new Response("who are you?", { status: 401 });
      }
      return (await options.intercept?.(request)) ?? (isSse ? openSse(request) : openHttp(request));
    },
  });

  const stop = async (): Promise<void> => {
    await listener.stop(true);
    sessions.clear();
  };
  return {
    url: `http://127.0.0.1:${listener.port}/${isSse ? "sse" : "mcp"}`,
    port: listener.port ?? 0,
    get tools() {
      return tools;
    },
    set tools(changed) {
      tools = changed;
    },
    get sessions() {
      return sessions.size;
    },
    requests,
    async announce() {
      await Promise.all([...sessions.values()].map(({ server }) => server.sendToolListChanged()));
    },
    forget: () => sessions.clear(),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

/** A result that is one text. */
export const text = (content: string): JsonObject => ({ content: [{ type: "text", text: content }] });

/** The transport of older servers: answers come on a stream of events, whose first names the address for requests. */
function createSseTransport(endpoint: string) {
  const stream = new TransformStream<Uint8Array, Uint8Array>();
  const writer = stream.writable.getWriter();
  const write = async (event: string, data: string): Promise<void> => {
    await writer.write(new TextEncoder().encode(`event: ${event}\ndata: ${data}\n\n`));
  };
  const transport: Transport = {
    async start() {
      void write("endpoint", endpoint);
    },
    send: (message) => write("message", JSON.stringify(message)),
    close: () => writer.close(),
  };
  return {
    transport,
    response: new Response(stream.readable, { headers: { "content-type": "text/event-stream" } }),
    async take(request: Request): Promise<Response> {
      transport.onmessage?.((await request.json()) as JSONRPCMessage);
      return new Response("Accepted", { status: 202 });
    },
  };
}
